"""The timed passes of a run: one process at a time, cells interleaved in a new order each round."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core.contracts import Job, JobKind, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.job_keys import JobKey
from edgebench.core.progress import ProgressReporter
from edgebench.core.results import ColdStart, TimedProcess
from edgebench.core.scratch import scratch_folder
from edgebench.core.settings import Measuring
from edgebench.isolation import turns
from edgebench.isolation.jobs import run_job, workers
from edgebench.isolation.process import waiting
from edgebench.measuring import steadiness, summary
from edgebench.measuring.latency_statistics import median_interval
from edgebench.pipeline.memory_jobs import with_times
from edgebench.pipeline.plan import MeasurePlan
from edgebench.pipeline.planned import Planned
from edgebench.pipeline.rows import Passes
from edgebench.pipeline.run_store import RunStore

LATENCY = "measure latency"
"""Name of the stage."""
LEAST_STEADY = 5
"""Fewest processes for a steady interval: with fewer, it can be narrow by chance."""


@dataclass(frozen=True)
class Pass:
    """The timed work of one process."""

    name: str
    """`latency`, `paced`, `cold`, or `batch` with its size."""
    kind: JobKind
    processes: int
    """Number of processes for each cell."""
    batch: int = 1
    period_s: float = 0.0


def passes(measuring: Measuring, emulated: bool) -> list[Pass]:
    """The passes of a cell; an emulated cell, whose times are no evidence, has one: one process, batch 1, unpaced.

    In a quick run it has none.
    """
    if emulated:
        return [] if measuring.quick else [Pass("latency", "latency", 1)]
    count = measuring.processes
    found = [Pass("latency", "latency", count)]
    if measuring.paced_s:
        found.append(Pass("paced", "latency", count, period_s=measuring.paced_s))
    found += [Pass(f"batch{size}", "latency", count, batch=size) for size in measuring.batches if size > 1]
    if measuring.cold_starts:
        found.append(Pass("cold", "cold", measuring.cold_starts))
    return found


@dataclass
class Schedule:
    """Times cells and stores the result of each process in the run's folder; a stored process is not run again."""

    plan: MeasurePlan
    store: RunStore
    records: RecordSet
    reporter: ProgressReporter
    _ahead: dict[JobKey, Outcome[Any]] = field(default_factory=dict)
    """Outcomes of processes that ran side by side, until their turn."""

    def count(self, cells: list[Planned]) -> int:
        """Number of timed processes of these cells, without further ones until steady."""
        return sum(p.processes for cell in cells for p in passes(self.plan.measuring, cell.fit.emulated))

    def measure(
        self, cells: list[Planned], failed: Callable[[Planned, JobKey], bool], ended: Callable[[Planned], None]
    ) -> None:
        """Every pass of every cell.

        `failed` ends a cell whose job failed, and returns whether it did; `ended` is called with each other one as
        soon as its last process is done, between two timed ones.
        """
        measuring = self.plan.measuring
        most = max((p.processes for cell in cells for p in passes(measuring, cell.fit.emulated)), default=0)
        todo = [turn for number in range(most) for turn in self._round(cells, number)]
        left = Counter(planned.cell.id for _, planned, _ in todo)
        self.reporter.stage(LATENCY, len(todo))
        for device in dict.fromkeys(cell.target.device for cell in cells):
            if measuring.cool_down_c is not None and steadiness.temperature_c(device) is None:
                place = "the GPU" if device == "cuda" else "this machine"
                self.reporter.note(f"{place} shows no temperature: there is nothing that --cool-down could wait for")
        for planned in cells:
            if not left[planned.cell.id]:
                ended(planned)
        gone: set[str] = set()
        for index, (number, planned, what) in enumerate(todo):
            if index % turns.PAIR == 0 and self._overlaps():
                self._side_by_side(todo[index : index + turns.PAIR])
            label = _label(planned, what, number)
            self.reporter.begin(label)
            if planned.cell.id not in gone and self._one(planned, what, number, failed):
                gone.add(planned.cell.id)
            self.reporter.step(label)
            left[planned.cell.id] -= 1
            steady = measuring.steady is None or planned.fit.emulated
            if not left[planned.cell.id] and planned.cell.id not in gone and steady:
                ended(planned)
        if measuring.steady is not None:
            further = [c for c in cells if c.cell.id not in gone and not c.fit.emulated]
            self._until_steady(further)
            for planned in further:
                ended(planned)

    def done(self, planned: Planned) -> Passes:
        """The results of each pass of a cell, by name: outcomes with their files of samples, in order."""
        found = {what: list(self._done(planned, what)) for what in passes(self.plan.measuring, planned.fit.emulated)}
        # A batch size that failed in some processes is not reported.
        return {
            what.name: done
            for what, done in found.items()
            if what.batch == 1 or len(done) == what.processes or (done and self._seconds(planned, what, len(done)) == 0)
        }

    def _done(self, planned: Planned, what: Pass) -> Iterator[tuple[Outcome[Any], Path]]:
        number = 0
        while outcome := self.store.outcomes.get(planned.key(what.name, number)):
            if outcome.status == "ok":
                yield outcome, self._samples(planned, what, number)
            number += 1

    def _round(self, cells: list[Planned], number: int) -> list[tuple[int, Planned, Pass]]:
        turns = [
            (number, cell, what)
            for cell in cells
            for what in passes(self.plan.measuring, cell.fit.emulated)
            if number < what.processes
        ]
        random.Random(self.plan.seed + number).shuffle(turns)
        return turns

    def _one(self, planned: Planned, what: Pass, number: int, failed: Callable[[Planned, JobKey], bool]) -> bool:
        """Run one process, unless no time is left for it; True if it ends the cell."""
        if self._seconds(planned, what, number) == 0:
            return False
        if what.batch == 1:
            self._time(planned, what, number)
            return failed(planned, planned.key(what.name, number))
        # An artifact may take one record at a time only: that is no fault of the cell, and not tried again.
        if len(list(self._done(planned, what))) == number:
            outcome = self._time(planned, what, number)
            if outcome.status != "ok":
                self.reporter.note(f"{planned.cell.id}: no batches of {what.batch}: {outcome.reason}")
        return False

    def _overlaps(self) -> bool:
        """Whether two workers may import side by side: in a quick run, with the cores and the memory for it."""
        return self.plan.measuring.quick and self.plan.measuring.cool_down_c is None and workers() >= turns.PAIR

    def _side_by_side(self, pair: list[tuple[int, Planned, Pass]]) -> None:
        """Run the first processes of two cells, which import at the same time and then measure one after the other."""
        jobs = {
            planned.key(what.name, number): (_label(planned, what, number), *self._request(planned, what, number))
            for number, planned, what in pair
            if number == 0 and what.name == "latency"
        }
        jobs = {key: job for key, job in jobs.items() if key not in self.store.outcomes}
        if len(jobs) < turns.PAIR:
            return
        with scratch_folder() as scratch, waiting(turns.PAIR) as pool:
            file = str(scratch / "turns")

            def run(label: str, job: Job, timeout_s: float) -> Outcome[Any]:
                self.reporter.begin(label)
                try:
                    return run_job(replace(job, turn=file), timeout_s)
                finally:
                    turns.arrive(file)

            running = {key: pool.submit(run, *job) for key, job in jobs.items()}
            self._ahead.update({key: future.result() for key, future in running.items()})

    def _seconds(self, planned: Planned, what: Pass, number: int) -> float | None:
        """The share of `max_seconds` for a process of a pass; 0 where those before left none, None without a limit."""
        limit = self.plan.measuring.seconds("latency")
        if limit is None:
            return None
        limit /= len(passes(self.plan.measuring, planned.fit.emulated))
        done = [self.store.outcomes.get(planned.key(what.name, n)) for n in range(number)]
        known = [outcome.value for outcome in done if outcome is not None and outcome.status == "ok"]
        left = limit - sum(map(_spent, known))
        # A process loads, and predicts twice at least.
        least = min((one.load_s + 2 * one.first_inference_s for one in known), default=0.0)
        if len(known) < number or left <= least:
            return 0.0
        return left / (what.processes - number)

    def _time(self, planned: Planned, what: Pass, number: int) -> Outcome[Any]:
        """The result of one process, read from the run's folder where it is stored."""
        name = planned.key(what.name, number)
        if name not in self.store.outcomes:
            self._cool_down(planned.target.device)
            profile = planned.key("profile")
            job, timeout_s = self._request(planned, what, number)
            outcome = self._ahead.pop(name, None)
            if outcome is None:
                outcome = run_job(job, timeout_s, lambda found: self.store.record(profile, found))
            if job.memory and outcome.status == "ok":
                self.store.record(planned.key("memory"), Outcome("ok", result=outcome.value.memory))
                outcome = replace(outcome, result=replace(outcome.value, memory=None))
            self.store.record(name, outcome)
        return self.store.outcomes[name]

    def _request(self, planned: Planned, what: Pass, number: int) -> tuple[Job, float]:
        """The job of one process, with its timeout in seconds; the first one also profiles or tells its memory."""
        measuring, job = self.plan.measuring, self._job(planned, what, number)
        # A worker sends nothing while it times: the requested time does not count towards the timeout.
        asked_s = max(measuring.min_seconds, what.period_s * measuring.min_samples)
        if measuring.max_seconds is not None:
            asked_s = min(asked_s, measuring.max_seconds)
        first_closed = (what.name, number) == ("latency", 0)
        profile, memory = planned.key("profile"), planned.key("memory")
        # Of a GPU a profiler of the processor sees only how long it takes to ask.
        if first_closed and job.device == "cpu" and not measuring.quick and profile not in self.store.outcomes:
            job = replace(job, profile=str(self.store.output(profile)), profile_seconds=measuring.seconds("profile"))
        if first_closed and with_times(measuring, planned) and memory not in self.store.outcomes:
            job = replace(job, memory=True)
        return job, measuring.timeout_s + asked_s

    def _until_steady(self, cells: list[Planned]) -> None:
        """Start more processes of cells whose interval is too wide, until it is narrow enough or the time is up."""
        measuring = self.plan.measuring
        end = time.monotonic() + measuring.steady_limit_s
        what = passes(measuring, False)[0]
        left = cells
        self.reporter.stage("until steady", len(cells))
        while True:
            steady = [c for c in left if self._steady(c, what)]
            for planned in steady:
                self.reporter.step(planned.cell.label)
            left = [c for c in left if c not in steady]
            if not left or time.monotonic() >= end:
                break
            for planned in list(left):
                number = len(list(self._done(planned, what)))
                self.reporter.detail(f"{planned.cell.label}: process {number + 1}")
                if time.monotonic() < end and self._time(planned, what, number).status != "ok":
                    self.reporter.note(f"{planned.cell.label}: a further process failed; those before it count")
                    left.remove(planned)
        for planned in left:
            self.reporter.note(f"{planned.cell.label}: not steady within {measuring.steady_limit_s:g} s")

    def _steady(self, planned: Planned, what: Pass) -> bool:
        processes = summary.samples_of(path for _, path in self._done(planned, what))
        if len(processes) < LEAST_STEADY:
            return False
        low, high = median_interval(processes)
        return (high - low) / float(np.median(np.concatenate(processes))) <= (self.plan.measuring.steady or 0.0)

    def _cool_down(self, device: str) -> None:
        measuring = self.plan.measuring
        if measuring.cool_down_c is None or steadiness.temperature_c(device) is None:
            return
        if not steadiness.cool_down(measuring.cool_down_c, measuring.cool_down_limit_s, self.reporter.detail, device):
            self.reporter.note(f"not down to {measuring.cool_down_c:g} °C within {measuring.cool_down_limit_s:g} s")

    def _job(self, planned: Planned, what: Pass, number: int) -> Job:
        measuring = self.plan.measuring
        return planned.job(
            what.kind, self.records, self._samples(planned, what, number), threads=self.plan.threads,
            warmup=measuring.warmup, min_samples=measuring.min_samples, min_seconds=measuring.min_seconds,
            max_seconds=self._seconds(planned, what, number), batch=what.batch, period_s=what.period_s,
            cores=measuring.cores, memory_limit_bytes=planned.target.memory_limit_bytes,
        )  # fmt: skip

    def _samples(self, planned: Planned, what: Pass, number: int) -> Path:
        return self.store.output(planned.key(what.name, number))


def _label(planned: Planned, what: Pass, number: int) -> str:
    return f"{planned.cell.label}: {what.name}, process {number + 1} of {what.processes}"


def _spent(result: TimedProcess | ColdStart) -> float:
    """Seconds of a process that its timing took."""
    return result.spent_s if isinstance(result, TimedProcess) else result.load_s + result.first_inference_s
