"""The options of how a plan is measured, as data: both command lines, with typer and without, are made from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.core.settings import DATASET, LEAST, MOST_THREADS, Measuring


@dataclass(frozen=True)
class Option:
    """One option."""

    flag: str
    field: str
    """Of the plan, with its table: `limit`, `measuring.processes`."""
    kind: type
    """Of one value: int, float, str or Path; bool for a flag without a value."""
    metavar: str
    """How the help calls the value; it ends in dots where the option may be repeated."""
    help: str
    default: Any = None
    """What the help shows as the default; None for nothing."""
    least: float | None = None
    most: float | None = None

    @property
    def repeatable(self) -> bool:
        """Whether the option may be repeated."""
        return self.metavar.endswith("...")

    @property
    def parameter(self) -> str:
        """Name of the parameter that takes the value."""
        return self.flag.removeprefix("--").replace("-", "_")


def _timed(flag: str, field: str, metavar: str, text: str) -> Option:
    value = getattr(Measuring(), field)
    kind = int if isinstance(value, int) or metavar.endswith("...") else float
    shown = value if value not in (None, (), 0) or field == "min_seconds" else None
    return Option(flag, f"measuring.{field}", kind, metavar, text, shown, LEAST[field])


TARGET = Option("--target", "targets", str, "NAME...", "Target, or path to the TOML file of one.")
RECORDS = (
    Option("--dataset", "dataset", str, "NAME", "One of edgebench list datasets, or FILE.py:FUNCTION.", DATASET),
    Option("--data-dir", "data_dir", Path, "FOLDER", "Folder of the dataset; demo needs none."),
    Option("--task", "task", str, "NAME", "Score as this task, not the dataset's own; or FILE.py:NAME, also a metric."),
    Option("--reference", "reference", Path, "FILE", "Outputs that a comparison without labels is with: .npy."),
    Option("--limit", "limit", int, "N", "At most this many test records.", "all", 1),
)
THREADS = Option("--threads", "threads", int, "N", "Threads of every cell.", "the target's", 1, MOST_THREADS)
MEASURING = (
    Option("--quick", "measuring.quick", bool, "", "A first look: one short process a cell, few records, no interval."),
    Option("--thorough", "measuring.thorough", bool, "", "For a publication: ten processes, more samples and warm-up."),
    _timed("--processes", "processes", "N", "Fresh processes a cell for latency."),
    _timed("--warmup", "warmup", "N", "Predictions before the timed ones."),
    _timed("--min-samples", "min_samples", "N", "Timed predictions a process, at least."),
    _timed("--min-seconds", "min_seconds", "SECONDS", "Seconds of timed predictions a process, at least."),
    _timed("--max-seconds", "max_seconds", "SECONDS", "Seconds of a cell in all, at most."),
    _timed("--timeout", "timeout_s", "SECONDS", "A job without progress for this long is ended."),
    _timed("--batch", "batches", "N...", "Also batches of this size, for the throughput."),
    _timed("--paced", "paced_s", "SECONDS", "Also one sample every so often, like a monitor."),
    _timed("--cold-starts", "cold_starts", "N", "Also processes that load the file from the disk."),
    _timed("--core", "cores", "N...", "Hold timed processes to this core."),
    _timed("--cool-down", "cool_down_c", "CELSIUS", "Wait before each until the machine is this cool."),
    _timed("--steady", "steady", "SHARE", "More processes until the interval is this narrow: 0.05."),
    _timed("--steady-limit", "steady_limit_s", "SECONDS", "What --steady may take in all."),
)
"""How latency is measured; each is a field of the plan's table `measuring`."""


def flag_of(place: str) -> str:
    """The flag that sets a field of the plan, by the field's place, such as `measuring.batches.0`."""
    known = {option.field: option.flag for option in (TARGET, *RECORDS, THREADS, *MEASURING)}
    return next(
        (f for field, f in known.items() if f"{place}.".startswith(f"{field}.")), f"--{place.replace('_', '-')}"
    )
