"""The stages of a run; each result is written to the run's folder at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core import target_profiles
from edgebench.core.cells import Cell
from edgebench.core.contracts import REFERENCE, Job, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.job_keys import JobKey
from edgebench.core.progress import EXPORT, ProgressReporter
from edgebench.isolation.jobs import predict_batch, run_job, workers
from edgebench.isolation.process import waiting
from edgebench.measuring import environment
from edgebench.pipeline import build_stage, grid, memory_jobs, records_table
from edgebench.pipeline.build_stage import BuildStage
from edgebench.pipeline.elsewhere import Elsewhere
from edgebench.pipeline.machines import HERE, Machines
from edgebench.pipeline.memory_jobs import MemoryJobs
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import ArtifactKey, Built, Planned
from edgebench.pipeline.rows import measurement
from edgebench.pipeline.run_store import RunStore
from edgebench.pipeline.schedule import LATENCY, Schedule, passes
from edgebench.pipeline.scorer import UNTRAINED, Scorer
from edgebench.pipeline.variants import Variants, folder_in
from edgebench.tasks.chosen import for_networks

PREDICT, MEMORY = "predict the test records", "measure memory"
"""Names of the stages."""


@dataclass
class Stages:
    """The state of a run between its stages."""

    plan: Plan
    models: Mapping[str, str]
    """The path or shipped name of each model, by its name; empty where the plan names artifacts."""
    store: RunStore
    test: RecordSet
    calibration: RecordSet | None
    validation: RecordSet | None
    """Only where thresholds are chosen for imported files."""
    facts: dict[str, Any]
    reporter: ProgressReporter
    unmade: Mapping[str, Outcome[Any]] = field(default_factory=dict)
    """Why other models of the plan could not be made, by their names."""
    built: dict[ArtifactKey, Built] = field(default_factory=dict)
    cells: list[Planned] = field(default_factory=list)
    remote_cells: list[Planned] = field(default_factory=list)
    """Cells that this machine does not measure."""
    machines: Machines = HERE

    @functools.cached_property
    def _scorer(self) -> Scorer:
        tasks = {one.artifact.task for one in self.built.values() if one.artifact}
        return Scorer(for_networks(self.test, tasks), self.plan.measure.reference)

    def build(self) -> None:
        """Stage 1: every artifact, built and checked; or the plan's own artifacts, read."""
        if self.plan.measure.artifacts:
            self.built = build_stage.read_all(self.plan, self.test, self.validation, self.store.folder)
            return
        self.reporter.outline(grid.size(self.plan), self._expected())
        folder = folder_in(self.store.folder / "models")
        variants = Variants(self.plan, self.models, folder, self.store.outcomes, self.store.record, self.reporter)
        self.built = BuildStage(
            self.plan, self.store, self.calibration, self.test, self.reporter, variants, self.unmade,
            machines=self.machines,
        ).all()  # fmt: skip

    def plan_cells(self) -> None:
        """Stage 2: list the cells; unsupported ones end here as rows."""
        self.cells, self.remote_cells = grid.cells(
            self.plan, self.built, self.test, self.facts, self.machines.elsewhere
        )
        every = (*self.cells, *self.remote_cells)
        kept = sum(p.cell.id in self.store.measurements for p in every)
        if kept:
            rest = "the others follow" if kept < len(every) else "nothing is left to measure"
            self.reporter.note(f"{kept} of {len(every)} cells were measured before and are kept; {rest}")
        for text in grid.remarks(self.built, self.test):
            self.reporter.note(text)
        self.reporter.outline(len(every) - kept, self._steps(), len(self.remote_cells))
        for planned in every:
            if planned.blocked:
                self._finish(planned, planned.blocked)

    def _expected(self) -> dict[str, int]:
        """What the stages will take, before it is known what can be built."""
        build, fits = self.plan.build, grid.expected(self.plan, self.facts, self.machines.elsewhere)
        here = len(build.models) * len(build.variants)
        timed = [p.processes for fit in fits for p in passes(self.plan.measure.measuring, fit.emulated)]
        predicted = 0 if build.untrained else here * len(build.exporters)
        apart = 0 if self.plan.measure.measuring.quick else len(fits)
        return {EXPORT: here * len(build.exporters), PREDICT: predicted, MEMORY: here * apart,
                LATENCY: here * sum(timed)}  # fmt: skip

    def _steps(self) -> dict[str, int]:
        """The remaining stages on this machine, each with its number of steps; those of other machines are unknown."""
        here = [p for p in self._open() if not p.blocked]
        return {
            PREDICT: len({p.prediction for p in (*self._references(), *here) if not p.artifact.untrained}),
            MEMORY: len(self._memory_jobs().now),
            LATENCY: self._schedule.count(here),
        }  # fmt: skip

    def predict(self) -> None:
        """Stage 3: logits over the test records, once for each artifact and way to run it, and their scores."""
        asked = {p.prediction: p for p in (*self._references(), *self._open()) if not p.artifact.untrained}
        if asked:
            records_table.write(self.test, self.store.folder)
        jobs = {key: self._predict_job(p) for key, p in asked.items()}
        labels = {key: f"{p.cell.model} {p.cell.name}: predict" for key, p in asked.items()}
        self._run_all(PREDICT, jobs, labels, lambda _: None)
        good = [p for p in self._references() if self.store.outcomes[p.prediction].status == "ok"]
        self._scorer.read_references(good, self._predictions)
        cells: dict[Cell, Planned] = {}
        for planned in self._open():
            if planned.artifact.untrained:
                self._scorer.unscored[planned.cell.id] = UNTRAINED
                continue
            outcome = self.store.outcomes[planned.prediction]
            if outcome.status == "skipped":
                self._scorer.unscored[planned.cell.id] = outcome.reason
            elif outcome.status != "ok":
                self._finish(planned, Outcome(outcome.status, f"accuracy: {outcome.reason}"))
            elif not np.isfinite(self._scorer.answers(planned, self._predictions)).all():
                self._finish(planned, Outcome("failed", "accuracy: some of its logits are not finite"))
            else:
                cells[planned.cell] = planned
        known = {*cells, *(p.cell for p in self._ended())}
        if said := self._scorer.compare([p for p in self.cells if p.cell in known], self._predictions):
            self.reporter.note(said)
        self._scorer.score(cells, self._ended(), self._predictions, first=not self._ended())

    def _ended(self) -> list[Planned]:
        """The cells that ended well before a resume: other cells are compared with them."""
        done = {key for key, outcome in self.store.outcomes.items() if outcome.status == "ok"}
        ended = [p for p in self.cells if (row := self.store.measurements.get(p.cell.id)) and row.status == "ok"]
        return [p for p in ended if p.prediction in done]

    def _predictions(self, planned: Planned) -> Path:
        return self.store.output(planned.prediction)

    def _references(self) -> list[Planned]:
        """The uncompressed float networks on this machine, with which other cells are compared."""
        host = target_profiles.host(self.facts)
        return [
            Planned(Cell(model, variant, exporter, host.name), host, target_profiles.Fit(), built)
            for (model, variant, exporter), built in self.built.items()
            if exporter == REFERENCE and variant == "none" and built.artifact and not built.artifact.untrained
        ]

    def memory(self) -> None:
        """Stage 4: peak memory, each cell in a process of its own; in a quick run the timed ones tell most of it."""
        of = self._memory_jobs()

        def done(first: JobKey) -> None:
            for key in of.now[first]:
                if key not in self.store.outcomes:
                    self.store.record(key, self.store.outcomes[first])
                self._end_if_failed(of.cells[key], key)

        if of.now:
            labels = {key: f"{of.cells[key].cell.label}: memory" for key in of.now}
            self._run_all(MEMORY, {key: of.jobs[key] for key in of.now}, labels, done)

    def _memory_jobs(self) -> MemoryJobs:
        cells = {p.key("memory"): p for p in self._open() if not p.blocked}
        jobs = {key: self._memory_job(p, key) for key, p in cells.items()}
        return memory_jobs.chosen(self.plan.measure.measuring, cells, jobs)

    def latency(self) -> None:
        """Stage 5: the timed passes, one process at a time, with the profiles; then the cells end."""
        later = self._memory_jobs().later

        def ended(planned: Planned) -> None:
            self._finish(planned, Outcome("ok", self._scorer.unscored.get(planned.cell.id, "")))

        self._schedule.measure(
            [p for p in self._open() if p.key("memory") not in later],
            lambda planned, key: not self._end_if_failed(planned, key), ended,
        )  # fmt: skip
        for key, source in later.items():
            if (known := self.store.outcomes.get(source)) and key not in self.store.outcomes:
                self.store.record(key, known)
        if any(key not in self.store.outcomes for key in later):
            self.memory()  # of cells whose timed twin failed
        for planned in [p for p in self._open() if p.key("memory") in later]:
            ended(planned)

    def remote(self) -> None:
        """Stage 6: the cells of other machines, which work side by side."""
        left = [p for p in self.remote_cells if p.cell.id not in self.store.measurements]
        Elsewhere(self.plan, self.test, self._scorer, self.store, self.reporter, self.machines, self._finish).measure(
            left
        )

    @property
    def _schedule(self) -> Schedule:
        return Schedule(self.plan.measure, self.store, self.test, self.reporter)

    def _run_all(
        self, stage: str, jobs: Mapping[JobKey, Job], labels: Mapping[JobKey, str], done: Callable[[JobKey], object]
    ) -> None:
        """Run untimed jobs, several at a time, without those in the journal; progress shows the `labels`."""
        self.reporter.stage(stage, len(jobs))
        left = {key: job for key, job in jobs.items() if key not in self.store.outcomes}
        for key in (key for key in jobs if key not in left):
            self.reporter.step(labels[key])
            done(key)
        with waiting(workers()) as pool:
            timeout = self.plan.measure.measuring.timeout_s
            keys = {pool.submit(self._run_one, labels[key], job, timeout): key for key, job in left.items()}
            for future in as_completed(keys):
                self.store.record(keys[future], future.result())
                self.reporter.step(labels[keys[future]])
                done(keys[future])

    def _run_one(self, label: str, job: Job, timeout_s: float) -> Outcome[Any]:
        self.reporter.begin(label)
        return run_job(job, timeout_s)

    def _open(self) -> list[Planned]:
        return [p for p in self.cells if p.cell.id not in self.store.measurements]

    def _end_if_failed(self, planned: Planned, key: JobKey) -> bool:
        """End the cell if this job failed; returns whether the cell ended."""
        outcome = self.store.outcomes[key]
        if outcome.status == "ok":
            return True
        self._finish(planned, Outcome(outcome.status, f"{key.stage}: {outcome.reason}"))
        return False

    def _finish(self, planned: Planned, outcome: Outcome[Any]) -> None:
        if planned.cell.id in self.store.measurements:
            return
        row = measurement(
            self.store.folder.resolve().name, planned, self.test.label,
            self._host(planned), outcome, self._scorer.scores.get(planned.cell.id),
            self.store.outcomes.get(planned.key("memory")), self.store.outcomes.get(planned.key("profile")),
            self._schedule.done(planned), self.plan.measure.measuring,
        )  # fmt: skip
        self.store.finish(row)
        self.reporter.cell(row)

    def _host(self, planned: Planned) -> str:
        """The machine of a cell without a measurement."""
        if self.machines.elsewhere(planned.target):
            return planned.target.ssh or planned.target.name
        return environment.host_label(self.facts)

    def _memory_job(self, planned: Planned, key: JobKey) -> Job:
        measuring = self.plan.measure.measuring
        return planned.job(
            "memory", self.test, self.store.output(key), threads=self.plan.measure.threads, cores=measuring.cores,
            memory_limit_bytes=planned.target.memory_limit_bytes, max_seconds=measuring.seconds("memory"),
        )  # fmt: skip

    def _predict_job(self, planned: Planned) -> Job:
        # One thread each, since several run at a time; the number of threads does not change the decisions.
        return planned.job(
            "predict", self.test, self.store.output(planned.prediction), threads=1,
            batch=predict_batch(planned.artifact), max_seconds=self.plan.measure.measuring.seconds("predict"),
        )  # fmt: skip
