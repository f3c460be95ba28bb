"""A child process that runs the user's function of a dataset, and writes what it returns as .npy files."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core import user_code
from edgebench.core.errors import DataError
from edgebench.isolation.child import answer_with

KEYS = ("x", "y", "ids", "classes", "task", "unit")


def handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Answer with the names of the inputs and with what is no array, or with the error in one line."""
    try:
        function = getattr(user_code.run(Path(request["file"]), DataError), request["name"], None)
        if not callable(function):
            raise DataError(f"{request['file']}: has no function '{request['name']}'")
        yield _written(_called(function, request), request["spec"], Path(request["folder"]))
    except DataError as error:
        yield {"error": str(error)}


def _called(function: Callable[..., Any], request: Mapping[str, Any]) -> Any:
    """Call it with the split, and with the folder of the data where it takes a second argument."""
    directory = Path(request["directory"]) if request["directory"] else None
    try:
        takes_folder = len(inspect.signature(function).parameters) > 1
        return function(request["split"], directory) if takes_folder else function(request["split"])
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        words = " ".join(str(error).split())[:200]
        raise DataError(f"{request['spec']}: {type(error).__name__}: {words}") from None


def _written(found: Any, spec: str, folder: Path) -> dict[str, Any]:
    if found is None:
        return {"inputs": None}
    if isinstance(found, tuple) and len(found) == 2:
        found = {"x": found[0], "y": found[1]}
    if not isinstance(found, Mapping) or "x" not in found:
        raise DataError(f"{spec}: returns {type(found).__name__}; return (x, y), or a dict with x and perhaps y")
    if unknown := [str(key) for key in found if key not in KEYS]:
        raise DataError(f"{spec}: unknown key '{unknown[0][:40]}' in what it returns; known: {', '.join(KEYS)}")
    inputs = found["x"] if isinstance(found["x"], Mapping) else {"input": found["x"]}
    arrays = {f"input-{i}": value for i, value in enumerate(inputs.values())}
    arrays |= {key: found[key] for key in ("y", "ids") if found.get(key) is not None}
    for name, value in arrays.items():
        _save(folder / f"{name}.npy", value, f"{spec}: {name}")
    return {
        "inputs": [str(name) for name in inputs], "targets": "y" in arrays, "ids": "ids" in arrays,
        "classes": [str(name) for name in found.get("classes") or ()],
        "task": str(found.get("task") or "auto"), "unit": str(found.get("unit") or ""),
    }  # fmt: skip


def _save(path: Path, value: Any, label: str) -> None:
    try:
        array = np.asarray(value)
    except Exception as error:  # lists of unequal lengths, tensors on a GPU, anything
        raise DataError(f"{label}: no array ({' '.join(str(error).split())[:120]})") from None
    if array.dtype.kind not in "biufU" or not array.ndim:
        raise DataError(f"{label}: {array.dtype} of shape {array.shape}; return an array of numbers, a row a record")
    np.save(path, array, allow_pickle=False)


if __name__ == "__main__":
    answer_with(handle)
