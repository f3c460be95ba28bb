"""Compare two runs, or the cells of one run: ratios with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.choosing.baselines import baseline as baseline
from edgebench.choosing.baselines import is_ok, medians
from edgebench.choosing.baselines import write_baseline as write_baseline
from edgebench.choosing.values import value_of
from edgebench.core.errors import PlanError, RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.metrics import Metric
from edgebench.core.serialization import readable
from edgebench.measuring.latency_statistics import Ratio, paired_ratio, ratio
from edgebench.pipeline import run_store
from edgebench.tasks.names import PROPERTIES

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
    def metric(self) -> Metric:
        """The primary metric; there is one where `score_change` is known."""
        assert self.new.scores is not None
        return self.new.scores.primary.metric

    @property
    def score_drop(self) -> float:
        """How much worse the new score is, in the metric's unit; 0 where it cannot be compared."""
        if self.score_change is None or not self.new.scores:
            return 0.0
        return self.metric.drop(self.new.scores.primary.value, self.score_change)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A property by its name of earlier versions, for scripts."""
            if name not in PROPERTIES:
                raise AttributeError(f"a comparison has no '{name}'")
            return getattr(self, PROPERTIES[name])

    @property
    def said(self) -> str:
        """`label` by the name of earlier versions, for scripts."""
        return self.label


def compare(run: Path, other: Path | None = None, base: str = "", across_machines: bool = False) -> list[Compared]:
    """Compare the run in a folder with another run or a baseline file, or its cells with its cell `base`.

    Raises RunError, and PlanError for unlike machines and unless exactly one of `other` and `base` is there.
    """
    if (other is None) == (not base):
        raise PlanError("name a second run, or a cell of the run: --base eager")
    found = run_store.read(run)
    return within(found, base) if other is None else compared(found, baseline(other), across_machines)


def compared(new: Run, old: Run, across: bool = False) -> list[Compared]:
    """Compare the cells that both runs measured.

    Raises RunError where they have no cell in common, and PlanError for unlike machines or numbers of threads, unless
    `across`.
    """
    if not across and (why := unlike(new, old)):
        raise PlanError(f"{why}; --across-machines compares their times anyway")
    if not (found := shared(new, old)):
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


def shared(new: Run, old: Run) -> list[Compared]:
    """The cells that both runs measured, compared."""
    before = {m.cell: m for m in old.measurements if is_ok(m)}
    return [_pair(m, before[m.cell], False, new, old) for m in new.measurements if is_ok(m) and m.cell in before]


def _pair(new: Measurement, old: Measurement, paired: bool, new_run: Run, old_run: Run) -> Compared:
    change = None
    if new.scores and old.scores and _same_records(new, old):
        change = new.scores.primary.value - old.scores.primary.value
    size, memory = (_quotient(value_of(new, metric), value_of(old, metric)) for metric in ("size", "memory"))
    return Compared(
        new, old, _latency(medians(new, new_run), medians(old, old_run), paired), size, memory, change,
        fastest(new, old), _score_interval(new, old) if new_run is old_run else None,
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


def fastest(new: Measurement, old: Measurement) -> float | None:
    """Ratio of the fastest samples; None where one is not known."""
    return _quotient(new.latency.min_s if new.latency else None, old.latency.min_s if old.latency else None)


def unlike(new: Run, old: Run) -> str:
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
