"""Builds artifacts on a worker's machine, of the model and the records that came with the request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgebench.artifacts.build import Build, build
from edgebench.core import registry
from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import RemoteError
from edgebench.core.files import write_text
from edgebench.core.serialization import to_dict, to_json
from edgebench.core.validation import validated
from edgebench.isolation.process import end_children
from edgebench.models import store
from edgebench.remote.messages import Event

OUTCOMES = "outcomes.json"
CHECK, CALIBRATION, MODEL = "check", "calibration", "model"
"""Folders of the request's files."""
LOOK_S = 0.5


@dataclass(frozen=True)
class BuildBody:
    """What a request to build says besides its files."""

    model: str
    """A shipped model's name, or the manifest's path among the files."""
    identity: str
    """Hash of its manifest."""
    variant: str
    exporters: tuple[str, ...]
    timeout_s: float
    calibrated: bool = False
    """Whether records to calibrate on are among the files."""
    floats: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """The outcome of one exporter."""

    exporter: str
    outcome: Outcome[Artifact]


def perform(work: Path, body: Any, line: Callable[[str], object], ended: Callable[[], bool]) -> None:
    """Build into `work`/run, with the outcomes in a file there. Raises EdgeBenchError."""
    asked, files = validated(BuildBody, body, "the request", RemoteError), work / "bundle"
    inside = (files / asked.model).resolve()
    own = inside.is_relative_to(files.resolve() / MODEL)
    if not own and asked.model not in store.shipped():
        raise RemoteError(f"no model {asked.model!r:.100} among the files, and none is shipped")
    model = str(inside) if own else asked.model
    if store.find(model).manifest.identity() != asked.identity:
        raise RemoteError(f"{asked.model}: another model than the client's")
    found: dict[str, Outcome[Artifact]] = {}

    def begun(exporter: str) -> None:
        line(to_json(Event("begin", text=exporter)))

    request = Build(
        model, asked.variant, asked.exporters, work / "run",
        _records(files / CALIBRATION) if asked.calibrated else None, _records(files / CHECK), asked.timeout_s,
        asked.floats,
    )  # fmt: skip
    done = threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_S):
            if ended():
                end_children()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        build(request, found.__setitem__, begun)
    finally:
        done.set()
        watcher.join()
    outcomes = [to_dict(Built(name, outcome)) for name, outcome in found.items()]
    write_text(work / "run" / OUTCOMES, json.dumps(outcomes, ensure_ascii=False, allow_nan=False))


def _records(folder: Path) -> RecordSet:
    return registry.dataset("bundle").load(DataRequest("test", folder))
