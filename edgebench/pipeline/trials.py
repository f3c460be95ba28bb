"""The journal of a search: a line for each batch of trials, with all that later choices depend on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from edgebench.core import json_file
from edgebench.core.errors import RunError
from edgebench.core.files import append_line, read_lines, write_text
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import to_json
from edgebench.core.validation import validated

SEARCH = "search"
"""Folder of a search within that of the run of its best artifacts."""
JOURNAL, LEFT_OUT = "trials.jsonl", "left_out.json"
Stage = Literal["survey", "structures", "options", "tune", "confirm"]


@dataclass(frozen=True)
class Step:
    """Trials that are carried out together: some exporters of some variants."""

    stage: Stage
    variants: tuple[str, ...]
    exporters: tuple[str, ...]
    """Specs with their options."""
    epochs: int = 0
    """Of the fine-tuning after each compression."""
    candidates: tuple[tuple[str, str, int], ...] = ()
    """Only of `confirm`: variant, exporter and epochs of artifacts that exist."""

    @property
    def trials(self) -> int:
        """How many artifacts it has."""
        return len(self.candidates) or len(self.variants) * len(self.exporters)


@dataclass(frozen=True)
class Trial:
    """One artifact that was tried, as measured on validation records."""

    measurement: Measurement
    epochs: int = 0

    @property
    def variant(self) -> str:
        """The compression."""
        return self.measurement.cell.variant

    @property
    def exporter(self) -> str:
        """The exporter with its options."""
        return self.measurement.cell.exporter

    @property
    def network(self) -> tuple[str, int]:
        """The compression, and the epochs after it."""
        return self.variant, self.epochs

    @property
    def key(self) -> tuple[str, str, int]:
        """What identifies the artifact."""
        return self.variant, self.exporter, self.epochs


@dataclass(frozen=True)
class Batch:
    """A step that was carried out."""

    step: Step
    seconds: float
    """From the end of the batch before, or the beginning of the process, to the end of this one."""
    trials: tuple[Trial, ...] = ()
    process_s: float | None = None
    """Wall time of one timed process; None where none was timed."""
    reason: str = ""
    """Why it ended early; empty where it did not."""
    records: int = 0
    """Validation records that it was scored on."""


@dataclass
class Journal:
    """The batches of a search, in their order."""

    path: Path
    batches: list[Batch] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Store a batch; raises DiskFull."""
        append_line(self.path, to_json(batch))
        self.batches.append(batch)

    @property
    def spent_s(self) -> float:
        """Seconds of all batches."""
        return sum(batch.seconds for batch in self.batches)


def read(folder: Path) -> Journal:
    """The journal in the folder of a search, empty where there is none; raises RunError for a damaged line."""
    path = folder / JOURNAL
    found = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            data = json_file.of_any_text(line)
        except ValueError:
            raise RunError(f"{path}:{number}: not JSON; the folder is damaged") from None
        found.append(validated(Batch, data, f"{path}:{number}", RunError))
    return Journal(path, found)


def write_left_out(folder: Path, reasons: Mapping[str, str]) -> None:
    """Write what the search leaves out, with the reasons, into its folder."""
    write_text(folder / LEFT_OUT, json.dumps(dict(reasons), indent=2, ensure_ascii=False) + "\n")


def left_out(folder: Path) -> dict[str, str]:
    """What the search left out, with the reasons; empty where the file is missing or damaged."""
    try:
        found = json_file.read(folder / LEFT_OUT)
    except ValueError:
        return {}
    return {str(name): str(reason) for name, reason in found.items()} if isinstance(found, dict) else {}


def all_trials(batches: Iterable[Batch]) -> list[Trial]:
    """The trials of all batches, in their order."""
    return [trial for batch in batches for trial in batch.trials]


def timed(batch: Batch, seconds: float) -> Batch:
    """The batch with its seconds."""
    return replace(batch, seconds=seconds)
