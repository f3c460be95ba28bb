"""Where the time goes: what the final measuring will take, and what is left for trials."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from edgebench.core.contracts import REFERENCE
from edgebench.core.policy import Policy
from edgebench.core.settings import Measuring
from edgebench.optimization import objective
from edgebench.optimization.request import Request
from edgebench.optimization.space import UNCHANGED
from edgebench.pipeline.trials import Batch, Step, Trial, all_trials

START_S, REPORTS_S = 4.0, 15.0
"""Of a run: reading the records, and writing the reports with their pictures."""
PROCESS_S = 4.0
"""Of one timed process, until one was measured."""
ALONE = 1.3
"""A timed process of a full run imports alone; in a quick run two import side by side."""
SAFETY = 1.15
"""Other work on the machine makes the end later than the estimate."""
FIRST_TUNING = 0.6
"""Share of the time left for the first fine-tuning, of which nobody knows how long an epoch takes."""
LEAST_CELL_S = 8.0
"""Of a cell's predictions and samples, where the time was spent before."""
MOST_FINALISTS = 4
FINAL_SHARE = 0.4
"""Of the budget, for the final measuring at most."""


class Pace(NamedTuple):
    """Seconds of one prediction."""

    median_s: float = 0.0
    """As timed: other work on the machine may slow threads that wait for each other many times."""
    least_s: float = 0.0
    """Of the fastest one: about as long as it takes with one thread and in batches, as scores are computed."""


@dataclass(frozen=True)
class Budget:
    """The whole time, and what has been measured so far."""

    seconds: float
    batches: Sequence[Batch]
    measuring: Measuring
    """Of the final run."""
    records: int
    """Test records, about; the test split is not read for it."""
    policy: Policy = field(default_factory=Policy)
    baseline: str = ""

    @property
    def spent_s(self) -> float:
        """Seconds of all batches."""
        return sum(batch.seconds for batch in self.batches)

    @property
    def process_s(self) -> float:
        """Wall time of a timed process, the largest mean of the batches so far."""
        return max((b.process_s for b in self.batches if b.process_s is not None), default=PROCESS_S) * ALONE

    def cell_s(self, pace: Pace) -> float:
        """What one cell of the final run takes: its prediction, its memory, its timed processes."""
        m = self.measuring
        timed = max(m.min_seconds, m.min_samples * pace.median_s) + m.warmup * pace.median_s
        return (m.processes + 2) * self.process_s + m.processes * timed + self.records * pace.least_s

    @functools.cached_property
    def _references(self) -> list[Pace]:
        """The paces of the network itself and of the baseline, which the final run measures, too."""
        names = dict.fromkeys((REFERENCE, self.baseline))
        found = {t.exporter: t for t in all_trials(self.batches) if t.variant == UNCHANGED and t.exporter in names}
        return [_pace(trial) for trial in found.values()] or [Pace()]

    @functools.cached_property
    def _best(self) -> list[Pace]:
        """The paces of the artifacts that would be measured, the best first."""
        others = [t for t in all_trials(self.batches) if t.exporter not in (REFERENCE, self.baseline)]
        return list(map(_pace, objective.ranked(others, self.policy)))

    def final_s(self, finalists: int) -> float:
        """What the final run and its reports take with so many finalists."""
        best = self._best[:finalists]
        cells = [*self._references, *best, *[max(best, default=Pace())] * (finalists - len(best))]
        return SAFETY * (START_S + sum(map(self.cell_s, cells)) + REPORTS_S)

    def reserve_s(self, finalists: int) -> float:
        """What is kept for them; slow cells of the final run have a limit where it would take too much of the time."""
        return min(self.final_s(finalists), FINAL_SHARE * self.seconds)

    @property
    def confirm_s(self) -> float:
        """What it takes to see all validation records; nothing where every trial does."""
        seen = max((b.records for b in self.batches), default=self.records)
        if seen >= self.records:
            return 0.0
        slowest = max((pace.least_s for pace in self._best), default=0.0)
        network = max(pace.least_s for pace in self._references)
        return (MOST_FINALISTS + 1) * (2 * self.process_s + self.records * slowest) + self.records * network

    @property
    def finalists(self) -> int:
        """How many the final run can have, at least one."""
        most = min(MOST_FINALISTS, len(self._best) + 1)  # one may still come
        fit = [n for n in range(2, most + 1) if self.final_s(n) <= FINAL_SHARE * self.seconds]
        return max(fit, default=1)

    def in_time(self, cells: int) -> Measuring:
        """How the final run measures: with a limit of seconds a cell where it would not end in time."""
        left = self.seconds - self.spent_s
        if self.final_s(max(1, cells - len(self._references))) <= left or self.measuring.max_seconds is not None:
            return self.measuring
        each = (left - START_S - REPORTS_S) / cells - (self.measuring.processes + 2) * self.process_s
        return replace(self.measuring, max_seconds=max(LEAST_CELL_S, each), steady=None)

    @property
    def left_s(self) -> float:
        """What is left for trials."""
        return self.seconds - self.spent_s - self.confirm_s - self.reserve_s(self.finalists)

    @property
    def trial_s(self) -> float:
        """What a trial without training takes: the mean of the last batches."""
        last = [b for b in self.batches if b.trials and not b.step.epochs][-3:]
        count = sum(len(b.trials) for b in last)
        return sum(b.seconds for b in last) / count if count else 0.0

    def tuning_s(self, epochs: int) -> float | None:
        """What a fine-tuning of so many epochs takes with its trials; None where none was done yet."""
        done = [b for b in self.batches if b.step.stage == "tune" and not b.reason]
        return max(b.seconds / b.step.epochs for b in done) * epochs if done else None

    def seconds_for(self, step: Step) -> float:
        """How long a step may take until it is ended; the first one half of the time, since nothing is known yet."""
        if not self.batches:
            return self.seconds / 2
        confirm = 0.0 if step.stage == "confirm" else self.confirm_s
        left = self.seconds - self.spent_s - confirm - self.reserve_s(self.finalists)
        return left * FIRST_TUNING if step.epochs and self.tuning_s(step.epochs) is None else left


def of(asked: Request, batches: Sequence[Batch], records: int) -> Budget:
    """The budget of a request after these batches; `records` is how many the final run will have, about."""
    measure = asked.plan.measure
    return Budget(asked.budget_s, batches, measure.measuring, records, measure.policy, asked.baseline)


def _pace(trial: Trial) -> Pace:
    latency = trial.measurement.latency
    return Pace(latency.p50_s, latency.min_s or latency.p50_s) if latency else Pace()
