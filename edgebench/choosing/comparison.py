"""Compare two runs, or the cells of one run: ratios with intervals, and which differences are regressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgebench.choosing.baselines import baseline as baseline
from edgebench.choosing.baselines import is_ok, medians
from edgebench.choosing.baselines import write_baseline as write_baseline
from edgebench.choosing.pareto import Metric, value_of
from edgebench.core.contracts import Cell
from edgebench.core.errors import PlanError, RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.metrics import Metric as ScoreMetric
from edgebench.core.serialization import readable
from edgebench.core.settings import Bounds as Bounds
from edgebench.measuring.latency_statistics import Ratio, paired_ratio, ratio
from edgebench.pipeline import run_store

REFERENCE = ("none", "eager")
"""Variant and exporter of the fp32 network that every cell of its model is compared with."""
ALIKE = 0.05
"""Two latencies are alike if the interval of their ratio lies within this share of 1."""


@dataclass(frozen=True)
class Compared:
    """One cell compared with another: ratios and differences of the new one to the old one."""

    new: Measurement
    old: Measurement
    latency: Ratio | None
    """None where either side has no times or fewer than two processes."""
    size: float | None
    memory: float | None
    score_change: float | None
    """Of the primary metric; None where the records are not the same."""
    fastest: float | None = None
    """Ratio of the fastest samples; None where one is not known."""
    score_interval: tuple[float, float] | None = None
    """95 % interval of `score_change`, paired by record; None where the run did not compare the two."""

    @property
    def label(self) -> str:
        """`slower`, `faster`, `alike` or `undecided`, by the interval of the ratio; empty without one.

        Alike: the whole interval is within `ALIKE` of 1. Undecided: it contains 1, and larger differences.
        """
        if self.latency is None:
            return ""
        if self.latency.low > 1 or self.latency.high < 1:
            return "slower" if self.latency.low > 1 else "faster"
        return "alike" if self.latency.low >= 1 / (1 + ALIKE) and self.latency.high <= 1 + ALIKE else "undecided"

    @property
    def metric(self) -> ScoreMetric:
        """The primary metric; there is one where `score_change` is known."""
        assert self.new.scores is not None
        return self.new.scores.primary.metric

    @property
    def score_drop(self) -> float:
        """How much worse the new score is, in the metric's unit; 0 where it cannot be compared."""
        if self.score_change is None or not self.new.scores:
            return 0.0
        return self.metric.drop(self.new.scores.primary.value, self.score_change)

    @property
    def f1_change(self) -> float | None:
        """`score_change` by the name of earlier versions, for scripts."""
        return self.score_change

    @property
    def said(self) -> str:
        """`label` by the name of earlier versions, for scripts."""
        return self.label


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

    @property
    def line(self) -> str:
        """The cell and the reason."""
        return f"{self.cell.label}: {self.reason}"


def compare(run: Path, other: Path | None = None, base: str = "", across_machines: bool = False) -> list[Compared]:
    """Compare the run in a folder with another run or a baseline file, or its cells with its cell `base`.

    Raises RunError, and PlanError for unlike machines and unless exactly one of `other` and `base` is there.
    """
    if (other is None) == (not base):
        raise PlanError("name a second run, or a cell of the run: --base eager")
    found = run_store.read(run)
    return within(found, base) if other is None else compared(found, baseline(other), across_machines)


def gate(
    run: Path, against: Path, bounds: Bounds | None = None, across_machines: bool = False
) -> tuple[list[Compared], list[Finding]]:
    """Compare the run in a folder with a baseline; returns the compared cells and what keeps it from passing.

    Raises RunError, and PlanError for unlike machines.
    """
    return regressions(run_store.read(run), baseline(against), bounds or Bounds(), across_machines)


def compared(new: Run, old: Run, across: bool = False) -> list[Compared]:
    """Compare the cells that both runs measured.

    Raises RunError where they have no cell in common, and PlanError for unlike machines or numbers of threads, unless
    `across`.
    """
    if not across and (why := _unlike(new, old)):
        raise PlanError(f"{why}; --across-machines compares their times anyway")
    if not (found := _shared(new, old)):
        raise RunError(f"{new.name} and {old.name} have no measured cell in common")
    return found


def within(run: Run, base: str) -> list[Compared]:
    """Compare each cell of a run with the cell `base` (an exporter, or `EXPORTER · VARIANT`) of its model and target.

    Their processes are paired round by round, since those of a round ran within minutes. Raises RunError where there
    is no such cell.
    """
    rows = [m for m in run.measurements if is_ok(m)]
    bases = {(m.cell.model, m.cell.target): m for m in rows if base in (m.cell.name, m.cell.name.replace(" · ", "/"))}
    if not rows:
        raise RunError(f"{run.name}: no cell was measured, so there is nothing to compare")
    if not bases:
        raise RunError(f"{run.name}: no measured cell is called '{base}'; there are {_names(rows)}")
    pairs = [(m, bases.get((m.cell.model, m.cell.target))) for m in rows]
    return [_pair(m, other, True, run, run) for m, other in pairs if other is not None and other is not m]


def regressions(new: Run, old: Run, bounds: Bounds, across: bool = False) -> tuple[list[Compared], list[Finding]]:
    """Compare the cells that both measured; returns them and each metric that is worse than the bounds allow.

    A cell that is no longer measured and a number that cannot be compared are findings too: a gate that compared
    nothing must not pass. Raises PlanError for unlike machines, RunError where the baseline has no measured cell.
    """
    if not across and (why := _unlike(new, old)):
        raise PlanError(f"{why}; --across-machines compares their times anyway")
    if not any(map(is_ok, old.measurements)):
        raise RunError(f"{old.name} has no measured cell to compare with")
    pairs = _shared(new, old)
    found = [finding for pair in pairs for finding in _worse(pair, bounds)]
    rows = {m.cell: m for m in new.measurements}
    for was in old.measurements:
        now = rows.get(was.cell)
        if was.status == "ok" and (now is None or now.status != "ok"):
            reason = f"{now.status}: {now.reason}" if now else "is not in the run"
            found.append(Finding("missing", was.cell, None, None, None, reason))
    return pairs, found


def _shared(new: Run, old: Run) -> list[Compared]:
    before = {m.cell: m for m in old.measurements if is_ok(m)}
    return [_pair(m, before[m.cell], False, new, old) for m in new.measurements if is_ok(m) and m.cell in before]


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


def _pair(new: Measurement, old: Measurement, paired: bool, new_run: Run, old_run: Run) -> Compared:
    change = None
    if new.scores and old.scores and _same_records(new, old):
        change = new.scores.primary.value - old.scores.primary.value
    size, memory = (_quotient(value_of(new, metric), value_of(old, metric)) for metric in ("size", "memory"))
    return Compared(
        new, old, _latency(medians(new, new_run), medians(old, old_run), paired), size, memory, change,
        _quotient(_fastest(new), _fastest(old)), _score_interval(new, old) if new_run is old_run else None,
    )  # fmt: skip


def _score_interval(new: Measurement, old: Measurement) -> tuple[float, float] | None:
    """The interval of the difference of two cells of one run, where one was compared with the other.

    That is the case for the fp32 network, and for the plainer int8 or that with other options.
    """
    one, two = new.scores, old.scores
    if not one or not two:
        return None
    if (old.cell.variant, old.cell.exporter) == REFERENCE:
        low, high = one.primary.delta_low, one.primary.delta_high
        return None if low is None or high is None else (low, high)
    if (other := one.counterpart) and other.name == old.cell.name:
        return other.low, other.high
    if (other := two.counterpart) and other.name == new.cell.name:
        return -other.high, -other.low
    return None


def _same_records(new: Measurement, old: Measurement) -> bool:
    """Whether both were scored on the same records by the same metric, as far as is known."""
    one, two = new.scores, old.scores
    assert one and two
    alike = one.primary.metric.name == two.primary.metric.name and one.records == two.records
    return alike and new.dataset == old.dataset


def _fastest(m: Measurement) -> float | None:
    return m.latency.min_s if m.latency else None


def _unlike(new: Run, old: Run) -> str:
    """Why the times of two runs cannot be compared, as `readable` text; empty where they can."""
    return readable(_difference(new, old))


def _difference(new: Run, old: Run) -> str:
    if new.environment.get("fingerprint") != old.environment.get("fingerprint"):
        return f"{new.name} was measured on {_machine(new)}, {old.name} on {_machine(old)}"
    threads, others = (dict(run.environment.get("target_threads", {})) for run in (new, old))
    for target in sorted(threads.keys() & others.keys()):
        if threads[target] != others[target]:
            return f"on {target}, {new.name} had {threads[target]} threads and {old.name} {others[target]}"
    return ""


def _latency(new: tuple[float, ...], old: tuple[float, ...], paired: bool) -> Ratio | None:
    shared = min(len(new), len(old))
    if shared < 2:
        return None
    return paired_ratio(new[:shared], old[:shared]) if paired else ratio(new, old)


def _quotient(new: float | None, old: float | None) -> float | None:
    return new / old if new is not None and old else None


def _machine(run: Run) -> str:
    facts: Mapping[str, Any] = run.environment
    return f"{facts.get('board') or facts.get('cpu')} ({facts.get('fingerprint')})"


def _names(rows: Sequence[Measurement]) -> str:
    return ", ".join(sorted({m.cell.name for m in rows}))
