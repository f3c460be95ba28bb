"""Opens files that a user gives: always in a child process with limits of time and memory, never in this one.

A file of ONNX or TorchScript may make a library hang, crash or fill the memory. The child (`artifacts.opener`) answers
with a small record; Ctrl-C ends it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core import formats
from edgebench.core.errors import ArtifactError, ModelError
from edgebench.core.file_facts import FileFacts, Port
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.serialization import from_dict, to_json
from edgebench.isolation import memory_limit
from edgebench.isolation.process import ChildError, ask

if TYPE_CHECKING:
    from edgebench.artifacts.inspect import LayerFacts

TIMEOUT_S = 60.0
"""What a file may take to be opened."""


def facts(path: Path, form: str) -> FileFacts:
    """What a user's file of a format says about itself; raises ArtifactError.

    A file that has not changed since the last time is not opened again.
    """
    return _facts(path, form, _state(path, form))


def answers(path: Path, form: str, feed: IOAdapter, shapes: Sequence[tuple[int, ...]]) -> list[tuple[str | int, str]]:
    """The outputs of a file that declares none for one record of zeros, (key or position, shape).

    `shapes` are those of the record and of its further inputs.

    Raises ArtifactError where it cannot predict it here.
    """
    return list(_answers(path, form, to_json(feed), tuple(shapes), _state(path, form)))


@functools.lru_cache(maxsize=256)
def _answers(
    path: Path, form: str, feed: str, shapes: tuple[tuple[int, ...], ...], state: tuple[int, ...]
) -> tuple[tuple[str | int, str], ...]:
    found = _ask(path, form, "answers", {"feed": json.loads(feed), "shapes": shapes})["answers"]
    return tuple((key, text) for key, text in found)


def network(name: str) -> None:
    """Build a user's model and load its weights once in the child; raises ModelError. A shipped one is not opened.

    What opens there within the limits, this process may open, too.
    """
    from edgebench.models import store

    if not name.endswith(".json"):
        return
    try:
        _ask(store.find(name).weights, "safetensors", "network", {"model": name})
    except ArtifactError as error:
        raise ModelError(str(error)) from None


def layers(path: Path, form: str, prefix: str = "") -> list[LayerFacts]:
    """The statistics of each layer of a file of that format that has weights, named without `prefix`.

    Raises ArtifactError.
    """
    from edgebench.artifacts.inspect import LayerFacts

    answer = _ask(path, form, "layers")
    found = [_with_numbers(from_dict(LayerFacts, one)) for one in answer["layers"]]
    return [replace(one, name=one.name.removeprefix(prefix)) for one in found]


@functools.lru_cache(maxsize=256)
def _facts(path: Path, form: str, state: tuple[int, ...]) -> FileFacts:
    data = _ask(path, form, "interface")["facts"]
    inputs, outputs = (
        None if data[name] is None else tuple(from_dict(Port, port) for port in data[name])
        for name in ("inputs", "outputs")
    )
    return FileFacts(data["precision"], inputs, outputs, data["returns"], data["cuda"])


def _state(path: Path, form: str) -> tuple[int, ...]:
    """What changes when a file changes, or one beside it; raises ArtifactError where there is none that can be read."""
    found: list[int] = []
    for one in formats.files(form, path):
        try:
            if not one.is_file():
                raise ArtifactError(f"{one}: {'not a regular file' if one.exists() else 'no such file'}")
            with one.open("rb"):
                now = one.stat()
        except OSError as error:
            raise ArtifactError(f"{one}: cannot be read ({error.strerror})") from None
        found += [now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns]
    return tuple(found)


def _ask(path: Path, form: str, what: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """The child's answer; raises ArtifactError."""
    limit = memory_limit.for_file(*formats.files(form, path))
    request = {"path": str(path), "format": form, "what": what, "limit_bytes": limit, **(more or {})}
    try:
        answers = list(ask("edgebench.artifacts.opener", request, TIMEOUT_S))
    except ChildError as error:
        if error.timeout:
            raise ArtifactError(f"{path}: could not be opened within {TIMEOUT_S:g} s") from None
        raise ArtifactError(f"{path}: could not be opened: {error}") from None
    if not answers:
        raise ArtifactError(f"{path}: could not be opened: its process ended without an answer")
    if "error" in answers[0]:
        raise ArtifactError(answers[0]["error"])
    return answers[0]


def _with_numbers(layer: LayerFacts) -> LayerFacts:
    """A layer with the numbers that are no JSON (an infinite ratio) made of their texts."""
    per_tensor, per_channel, rounding = (
        None if value is None else float(value)
        for value in (layer.per_tensor_db, layer.per_channel_db, layer.rounding_db)
    )
    return replace(layer, per_tensor_db=per_tensor, per_channel_db=per_channel, rounding_db=rounding)
