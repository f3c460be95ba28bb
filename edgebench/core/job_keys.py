"""The key of a job: its stage and its cell. journal.jsonl and the names of files hold it as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgebench.core.cells import Cell
from edgebench.core.contracts import Artifact
from edgebench.core.files import safe
from edgebench.core.job_results import ColdStart, Memory, Predicted, TimedProcess
from edgebench.core.operators import Operators
from edgebench.core.results import Compressed

RESULTS: dict[str, type[Any]] = {
    "compress": Compressed, "build": Artifact, "predict": Predicted, "memory": Memory, "profile": Operators,
    "latency": TimedProcess, "paced": TimedProcess, "batch": TimedProcess, "cold": ColdStart,
}  # fmt: skip
"""Stages, each with the record that its jobs return; `batch` is followed by its size."""
NUMBERED = ("latency", "paced", "batch", "cold")
"""Stages of several processes a cell."""
SEPARATOR = "~"


@dataclass(frozen=True)
class JobKey:
    """One job of a run; as text `stage~model~variant`, then `~exporter`, `~place` and `~number` where it has them."""

    stage: str
    """One of `RESULTS`, or `batch8`."""
    model: str
    variant: str
    exporter: str = ""
    place: str = ""
    """The target; of a prediction, which targets share, the device and engine."""
    number: int | None = None
    """Of the process, where a stage has several a cell."""

    def __post_init__(self) -> None:
        """Names are as in files, so that a key and its text say the same."""
        for name in ("model", "variant", "exporter", "place"):
            object.__setattr__(self, name, safe(getattr(self, name)))

    @classmethod
    def of_cell(cls, stage: str, cell: Cell, number: int | None = None) -> JobKey:
        """The key of a cell's own job."""
        return cls(stage, cell.model, cell.variant, cell.exporter, cell.target, number)

    @classmethod
    def of_prediction(cls, cell: Cell, device: str, engine: str) -> JobKey:
        """The key of a prediction: cells that run the same file in the same way share it."""
        place = "-".join(part for part in (device, engine) if part)
        return cls("predict", cell.model, cell.variant, cell.exporter, place)

    @classmethod
    def parse(cls, text: str) -> JobKey:
        """The key of a text; raises ValueError."""
        stage, model, variant, *more = text.split(SEPARATOR, 4)
        kind = stage.rstrip("0123456789")
        if kind not in RESULTS or (kind != stage) != (kind == "batch"):
            raise ValueError(f"no job has the stage '{stage}'")
        exporter, place = (*more, "", "")[:2]
        number = None
        if kind in NUMBERED:
            place, _, last = place.rpartition(SEPARATOR)
            number = int(last)
        return cls(stage, model, variant, exporter, place, number)

    @property
    def result(self) -> type[Any]:
        """The type of the record that the job returns."""
        return RESULTS[self.stage.rstrip("0123456789")]

    @property
    def stem(self) -> str:
        """The name of the job's file without its suffix; predict, profile and latency have their own folders."""
        return str(self).partition(SEPARATOR)[2] if self.stage in ("predict", "profile", "latency") else str(self)

    def __str__(self) -> str:
        parts = (self.stage, self.model, self.variant, self.exporter, self.place, self.number)
        return SEPARATOR.join(str(part) for part in parts if part not in ("", None))
