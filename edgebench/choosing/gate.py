"""Whether a run passes against a baseline: what is worse, missing, not comparable or undecided, and the exit code.

A slowdown counts where the median rose by more than the bound, beyond its interval, and the fastest sample rose too.
Other work on the machine makes times longer, never shorter. So where the *new* run was disturbed, a slowdown proves
nothing; where the *old* one was, neither does it prove anything that there is none. Both are undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgebench.choosing.baselines import baseline, is_ok
from edgebench.choosing.comparison import Compared, shared, unlike
from edgebench.choosing.values import Metric, value_of
from edgebench.core.cells import Cell
from edgebench.core.errors import PlanError, RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.settings import Bounds
from edgebench.measuring.latency_statistics import Ratio
from edgebench.measuring.summary import NOISY_BACKGROUND
from edgebench.pipeline import run_store

Kind = Literal["worse", "not comparable", "missing", "undecided"]
EXIT_CODES: dict[Kind, int] = {"worse": 1, "missing": 5, "not comparable": 4, "undecided": 3}
"""By kind; where there are several kinds, the first one here counts."""


@dataclass(frozen=True)
class Finding:
    """Why a cell does not pass a gate."""

    kind: Kind
    """`missing`: the new run does not have the cell, or has not measured it. `undecided`: other work disturbed it."""
    cell: Cell
    metric: Metric | None
    """What is worse or cannot be compared; None for a missing cell."""
    old: float | None
    """The metric's values in base units, where they are known."""
    new: float | None
    reason: str

    def __str__(self) -> str:
        return f"{self.cell.label}: {self.reason}"


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing was found, otherwise that of the gravest kind."""
    kinds = {finding.kind for finding in findings}
    return next((code for kind, code in EXIT_CODES.items() if kind in kinds), 0)


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
    of_the_machine = {"latency", "memory"} & set(bounds.metrics)
    if of_the_machine and not across and (why := unlike(new, old)):
        way = "--across-machines compares their times anyway, --only size --only score only what is the same anywhere"
        raise PlanError(f"{why}; {way}")
    if not any(map(is_ok, old.measurements)):
        raise RunError(f"{old.name} has no measured cell to compare with")
    pairs = shared(new, old)
    found = [one for pair in pairs for one in _worse(pair, bounds) if one.metric in bounds.metrics]
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

    if side := _quick(pair):
        reason = f"its latency cannot be compared: the {side} was measured quickly; measure it without --quick"
        add("not comparable", "latency", reason)
    elif pair.latency is None and not pair.new.emulated:
        reason = "its latency cannot be compared: that takes two processes on each side (--processes)"
        add("not comparable", "latency", reason)
    if pair.score_change is None:
        reason = "its scores cannot be compared: the records are not the same (--dataset, --limit)"
        add("not comparable", "score", reason)
    found += [] if _quick(pair) else timing(pair, bounds)
    if pair.score_change is not None and pair.score_drop > (allowed := _allowed(pair, bounds)):
        change = f"{pair.metric.label} {pair.metric.change(pair.score_change)}"
        article, unit = "a" if pair.metric.fall == "drop" else "an", f" {pair.metric.unit}".rstrip()
        add("worse", "score", f"{change}{unit}; {article} {pair.metric.fall} of {allowed:.4g}{unit} is allowed")
    if pair.size is not None and pair.size > 1 + bounds.size_growth:
        add("worse", "size", f"{pair.size:.3f} times the file; growth by {bounds.size_growth:g} is allowed")
    if pair.memory is not None and pair.memory > 1 + bounds.memory_growth:
        add(
            "worse", "memory", f"{pair.memory:.3f} times the peak memory; growth by {bounds.memory_growth:g} is allowed"
        )
    return found


def _quick(pair: Compared) -> str:
    """Which side was measured for a first look only; empty for neither."""
    sides = {"new run": pair.new, "baseline": pair.old}
    return next((name for name, m in sides.items() if m.latency and m.latency.steadiness.verdict == "quick"), "")


def _allowed(pair: Compared, bounds: Bounds) -> float:
    """How much worse the score may be, in the metric's unit."""
    if bounds.score_drop is not None:
        return bounds.score_drop
    return pair.metric.usual_drop(value_of(pair.old, "score") or 0.0) / 2


def timing(pair: Compared, bounds: Bounds, in_turns: bool = False) -> list[Finding]:
    """What keeps the latency of a cell from passing.

    `in_turns`: both sides were measured in turns, so that what disturbed one disturbed the other.
    """
    times = pair.latency
    if times is None:
        return []
    new, old = ("", "") if in_turns else (disturbance(pair.new), disturbance(pair.old))
    interval = f"{times.ratio:.3f} times the latency ({times.low:.3f} to {times.high:.3f})"
    kind: Kind = "undecided"
    if not _slower(times, bounds):
        if not old:
            return []
        reason = f"disturbed ({old}, when the baseline was measured); {interval}"
    elif _only_some(pair, bounds):
        reason = (
            f"disturbed ({times.ratio:.3f} times the median latency, but {pair.fastest:.3f} times the fastest sample: "
            "other work on the machine slows some samples, slower code slows all of them)"
        )
    elif new:
        reason = f"disturbed ({new}); {interval}"
    else:
        kind, reason = "worse", f"{interval}; a slowdown by {bounds.slowdown:g} is allowed"
    old_s, new_s = value_of(pair.old, "latency"), value_of(pair.new, "latency")
    return [Finding(kind, pair.new.cell, "latency", old_s, new_s, reason)]


def disturbance(m: Measurement) -> str:
    """What disturbed the timing of a cell from outside; empty where nothing did, as far as is known."""
    found = m.latency.steadiness if m.latency else None
    if found is None or m.emulated:
        return ""
    if found.verdict == "throttled":
        return found.reason or "throttled"
    busy = found.background_cores or 0.0
    return f"others kept {busy:.1f} cores busy" if busy > NOISY_BACKGROUND else ""


def unsure(pairs: Sequence[Compared], bounds: Bounds) -> str:
    """How many latencies may have risen above the bound within the noise, and how far; empty where there are none.

    They do not keep the run from passing.
    """
    if "latency" not in bounds.metrics:
        return ""
    timed = [pair.latency for pair in pairs if pair.latency]
    wide = [p.latency for p in pairs if p.latency and p.latency.high > 1 + bounds.slowdown and not timing(p, bounds)]
    if not wide:
        return ""
    worst = max(times.high for times in wide)
    return (
        f"{len(wide)} of {len(timed)} latencies are too noisy to judge: one may be up to {worst:.2f} times what it "
        "was; more --processes or a quieter machine narrows this"
    )


def _slower(times: Ratio, bounds: Bounds) -> bool:
    return times.ratio > 1 + bounds.slowdown and times.low > 1


def _only_some(pair: Compared, bounds: Bounds) -> bool:
    """Whether the fastest sample did not become slower along with the median."""
    return pair.fastest is not None and pair.fastest <= 1 + bounds.slowdown / 2
