"""The child process that opens a user's file. Run as `python -m edgebench.artifacts.opener`.

No graph is optimised here: folding the constants of one may take minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgebench.core import formats
from edgebench.core.errors import EdgeBenchError, first_line
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.serialization import from_dict, to_dict
from edgebench.isolation import memory_limit
from edgebench.isolation.child import answer_with


def layers(path: Path, form: str) -> list[dict[str, Any]]:
    """The statistics of each layer that has weights, as JSON's own types. Raises ArtifactError, MissingPackage."""
    from edgebench.artifacts import inspect

    found = [to_dict(inspect.facts(layer)) for layer in inspect.layers(path, form)]
    return [{k: str(v) if isinstance(v, float) and math.isinf(v) else v for k, v in one.items()} for one in found]


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What was asked about a file, or the error as one line."""
    path, form = Path(request["path"]), request["format"]
    try:
        if request["what"] == "layers":
            return {"layers": layers(path, form)}
        if request["what"] == "network":
            from edgebench.models import store

            store.network(store.find(request["model"]))
            return {}
        if request["what"] == "answers":
            return {"answers": formats.answers(form, path, from_dict(IOAdapter, request["feed"]), request["shapes"])}
        return {"facts": to_dict(formats.facts(form, path))}
    except EdgeBenchError as error:
        return {"error": str(error)}
    except (MemoryError, RecursionError):
        return {"error": f"{path}: needs more memory to be opened than a file of its size may"}
    except Exception as error:  # libraries raise anything for a damaged file
        return {"error": f"{path}: cannot be opened: {type(error).__name__}: {first_line(error)[:200]}"}


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with memory_limit.bounded(request["limit_bytes"]):
        found = answer(request)
    yield found


if __name__ == "__main__":
    answer_with(_handle)
