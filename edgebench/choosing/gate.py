"""Whether a run passes against a baseline: which cells are worse beyond bounds and noise, missing or not comparable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgebench.choosing.baselines import baseline, is_ok
from edgebench.choosing.comparison import Compared, shared, unlike
from edgebench.choosing.values import Metric, value_of
from edgebench.core.contracts import Cell
from edgebench.core.errors import PlanError, RunError
from edgebench.core.measurements import Run
from edgebench.core.settings import Bounds
from edgebench.measuring.latency_statistics import Ratio
from edgebench.pipeline import run_store


@dataclass(frozen=True)
class Finding:
    """Why a cell does not pass a gate."""

    kind: Literal["worse", "not comparable", "missing"]
    """`missing`: the new run does not have the cell, or has not measured it."""
    cell: Cell
    metric: Metric | None
    """What is worse or cannot be compared; None for a missing cell."""
    old: float | None
    """The metric's values in base units, where they are known."""
    new: float | None
    reason: str

    def __str__(self) -> str:
        return f"{self.cell.label}: {self.reason}"


def gate(
    run: Path, against: Path, bounds: Bounds | None = None, across_machines: bool = False
) -> tuple[list[Compared], list[Finding]]:
    """Compare the run in a folder with a baseline; returns the compared cells and what keeps it from passing.

    Raises RunError, and PlanError for unlike machines.
    """
    return regressions(run_store.read(run), baseline(against), bounds or Bounds(), across_machines)


def regressions(new: Run, old: Run, bounds: Bounds, across: bool = False) -> tuple[list[Compared], list[Finding]]:
    """Compare the cells that both measured; returns them and each metric that is worse than the bounds allow.

    A cell that is no longer measured and a number that cannot be compared are findings too: a gate that compared
    nothing must not pass. Raises PlanError for unlike machines, RunError where the baseline has no measured cell.
    """
    if not across and (why := unlike(new, old)):
        raise PlanError(f"{why}; --across-machines compares their times anyway")
    if not any(map(is_ok, old.measurements)):
        raise RunError(f"{old.name} has no measured cell to compare with")
    pairs = shared(new, old)
    found = [finding for pair in pairs for finding in _worse(pair, bounds)]
    rows = {m.cell: m for m in new.measurements}
    for was in old.measurements:
        now = rows.get(was.cell)
        if was.status == "ok" and (now is None or now.status != "ok"):
            reason = f"{now.status}: {now.reason}" if now else "is not in the run"
            found.append(Finding("missing", was.cell, None, None, None, reason))
    return pairs, found


def _worse(pair: Compared, bounds: Bounds) -> list[Finding]:
    found: list[Finding] = []

    def add(kind: Literal["worse", "not comparable"], metric: Metric, reason: str) -> None:
        found.append(
            Finding(kind, pair.new.cell, metric, value_of(pair.old, metric), value_of(pair.new, metric), reason)
        )

    if pair.latency is None and not pair.new.emulated:
        reason = "its latency cannot be compared: that takes two processes on each side (--processes)"
        add("not comparable", "latency", reason)
    if pair.score_change is None:
        reason = "its scores cannot be compared: the records are not the same (--dataset, --limit)"
        add("not comparable", "score", reason)
    if (times := pair.latency) and _slower(times, bounds) and not _only_some(pair, bounds):
        interval = f"{times.low:.3f} to {times.high:.3f}"
        reason = f"{times.ratio:.3f} times the latency ({interval}); a slowdown by {bounds.slowdown:g} is allowed"
        add("worse", "latency", reason)
    if pair.score_change is not None and pair.score_drop > bounds.score_drop:
        change = f"{pair.metric.label} {pair.metric.change(pair.score_change)}"
        add("worse", "score", f"{change}; a drop of {bounds.score_drop:g} is allowed")
    if pair.size is not None and pair.size > 1 + bounds.size_growth:
        add("worse", "size", f"{pair.size:.3f} times the file; growth by {bounds.size_growth:g} is allowed")
    if pair.memory is not None and pair.memory > 1 + bounds.memory_growth:
        add(
            "worse", "memory", f"{pair.memory:.3f} times the peak memory; growth by {bounds.memory_growth:g} is allowed"
        )
    return found


def disturbed(pairs: Sequence[Compared], bounds: Bounds) -> list[str]:
    """A line for each cell whose median rose beyond bound and noise while its fastest sample did not."""
    return [
        f"{pair.new.cell.label}: {pair.latency.ratio:.3f} times the median latency, but {pair.fastest:.3f} times the "
        "fastest sample: other work on the machine slows some samples, slower code slows all of them"
        for pair in pairs
        if pair.latency and _slower(pair.latency, bounds) and _only_some(pair, bounds)
    ]


def undecided(pairs: Sequence[Compared], bounds: Bounds) -> str:
    """How many latencies may have risen above the bound within the noise, and how far; empty where there are none."""
    timed = [pair.latency for pair in pairs if pair.latency]
    unsure = [times for times in timed if times.high > 1 + bounds.slowdown and not _slower(times, bounds)]
    if not unsure:
        return ""
    worst = max(times.high for times in unsure)
    return (
        f"{len(unsure)} of {len(timed)} latencies are too noisy to judge: one may be up to {worst:.2f} times what it "
        "was; more --processes or a quieter machine narrows this"
    )


def _slower(times: Ratio, bounds: Bounds) -> bool:
    return times.ratio > 1 + bounds.slowdown and times.low > 1


def _only_some(pair: Compared, bounds: Bounds) -> bool:
    """Whether the fastest sample did not become slower along with the median."""
    return pair.fastest is not None and pair.fastest <= 1 + bounds.slowdown / 2
