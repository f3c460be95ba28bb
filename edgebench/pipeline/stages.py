"""The cells of one run and its stages; what each learns is written to the run's folder at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from edgebench.artifacts import artifacts
from edgebench.artifacts.artifacts import Built
from edgebench.core import registry, target_profiles
from edgebench.core.contracts import Artifact, Cell, Job, Outcome, RecordSet
from edgebench.core.options import REFERENCE
from edgebench.core.progress import ProgressReporter
from edgebench.core.results import Scores
from edgebench.isolation.process import end_children
from edgebench.measuring import environment
from edgebench.measuring.accuracy import BATCH, Answer, Reference, score_cells
from edgebench.pipeline import build_stage, remote_stage
from edgebench.pipeline.device_plan import DevicePlan
from edgebench.pipeline.rows import Planned, measurement
from edgebench.pipeline.run_store import RunStore
from edgebench.pipeline.schedule import LATENCY, Rounds

if TYPE_CHECKING:
    from edgebench.pipeline.plan import Plan

PREDICT, MEMORY, PROFILE = "predict the test records", "measure memory", "profile"
"""Names of the stages."""
WORKER_BYTES = 2**30
"""What a worker may need at most before it is worth waiting for memory: torch alone is over half of it."""


@dataclass
class Grid:
    """The state of a run between its stages."""

    plan: Plan | DevicePlan
    store: RunStore
    test: RecordSet
    calibration: RecordSet | None
    validation: RecordSet | None
    """Only where thresholds are to be chosen for artifacts that were made elsewhere."""
    facts: dict[str, Any]
    reporter: ProgressReporter
    built: dict[build_stage.Key, Built] = field(default_factory=dict)
    cells: list[Planned] = field(default_factory=list)
    references: dict[tuple[str, str], Reference] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)
    elsewhere: list[Planned] = field(default_factory=list)
    """Cells of targets that are reached over SSH: nothing of them is measured here."""

    def build(self) -> None:
        """Stage 1: every artifact, built and checked; or the plan's own artifacts, read."""
        if isinstance(self.plan, DevicePlan) or self.plan.artifacts:
            self.built = build_stage.given(self.plan, self.validation, self.store.folder)
        else:
            plan = self.plan
            most = len(plan.models) * len(plan.variants) * len(plan.exporters) * len(plan.targets)
            self.reporter.outline(most, {})  # what is to come, and how long, is known when all is built
            self.built = build_stage.Building(self.plan, self.store, self.calibration, self.test, self.reporter).all()

    def plan_cells(self) -> None:
        """Stage 2: which cells there are; those that cannot exist end here as rows."""
        plan = self.plan
        wanted = [k for k in self.built if plan.artifacts or (k[1] in plan.variants and k[2] in plan.exporters)]
        for model, variant, exporter in wanted:
            built = self.built[model, variant, exporter]
            known = built.artifact or registry.exporter(exporter)
            for name in self.plan.targets:
                target = target_profiles.find(name, self.facts)
                if target.ssh:
                    cell = Cell(model, variant, exporter, target.name)
                    self.elsewhere.append(Planned(cell, target, target_profiles.Fit(), built))
                    continue
                fit = target_profiles.fit(known.engine, known.devices, target, self.facts)
                if built.artifact and not fit.reason:
                    fit = replace(fit, reason=_mismatch(built.artifact, self.test))
                self.cells.append(Planned(Cell(model, variant, exporter, target.name), target, fit, built))
        every = (*self.cells, *self.elsewhere)
        kept = sum(p.cell.id in self.store.measurements for p in every)
        if kept:
            rest = "the others follow" if kept < len(every) else "nothing is left to measure"
            self.reporter.note(f"{kept} of {len(every)} cells were measured before and are kept; {rest}")
        self.reporter.outline(len(every) - kept, self._steps(), len(self.elsewhere))
        for planned in every:
            if planned.blocked:
                self._finish(planned, planned.blocked)

    def _steps(self) -> dict[str, int]:
        """The stages that are to come here, each with about so many steps; those of other machines are not known."""
        here = [p for p in self._open() if not p.blocked]
        quantized = sum(p.artifact.precision.startswith("int8") for p in here)
        return {
            PREDICT: len({_prediction(p) for p in (*self._references(), *here)}), MEMORY: len(here),
            PROFILE: quantized, LATENCY: self._rounds.count(here),
        }  # fmt: skip

    def predict(self) -> None:
        """Stage 3: logits over the test records, once for each artifact and way to run it, and their scores."""
        asked = {_prediction(p): p for p in (*self._references(), *self._open())}
        jobs = {name: self._predict_job(p) for name, p in asked.items()}
        told = {name: f"{p.cell.model} {p.cell.name}: predict" for name, p in asked.items()}
        self._perform(PREDICT, jobs, told, lambda _: None)
        self._read_references()
        answers: dict[Cell, Answer] = self._ended()
        for planned in self._open():
            outcome = self.store.outcomes[_prediction(planned)]
            if outcome.status != "ok":
                self._finish(planned, Outcome(outcome.status, f"accuracy: {outcome.reason}"))
                continue
            logits = np.load(self._prediction_file(planned))
            if not np.isfinite(logits).all():
                self._finish(planned, Outcome("failed", "accuracy: some of its logits are not finite"))
                continue
            reference = self.references.get((planned.cell.model, planned.artifact.model_sha256))
            answers[planned.cell] = Answer(logits, planned.artifact, reference)
        self.scores = score_cells(self.test.labels, answers, {p.cell for p in self._open()})

    def _ended(self) -> dict[Cell, Answer]:
        """What the cells answered that had ended before a resume: others are held against them."""
        ended = [p for p in self.cells if p.cell.id in self.store.measurements]
        good = [p for p in ended if self.store.measurements[p.cell.id].status == "ok"]
        return {p.cell: Answer(np.load(self._prediction_file(p)), p.artifact, None) for p in good}

    def _references(self) -> list[Planned]:
        """The uncompressed float networks that the others are held against, on this machine."""
        host = target_profiles.host(self.facts)
        return [
            Planned(Cell(model, variant, exporter, host.name), host, target_profiles.Fit(), built)
            for (model, variant, exporter), built in self.built.items()
            if exporter == REFERENCE and variant == "none" and built.artifact
        ]

    def _read_references(self) -> None:
        for planned in self._references():
            if self.store.outcomes[_prediction(planned)].status == "ok":
                said = Reference(self.test.labels, np.load(self._prediction_file(planned)), planned.artifact.thresholds)
                self.references[planned.cell.model, planned.artifact.model_sha256] = said
        for known in self.test.references:  # made elsewhere; what this machine says itself goes before
            said = Reference(self.test.labels, np.load(known.logits)[: len(self.test)], known.thresholds)
            self.references.setdefault((known.model, known.model_sha256), said)

    def memory(self) -> None:
        """Stage 4: peak memory, each cell in a process of its own."""
        cores = self.plan.measuring.cores
        jobs = {
            f"memory~{p.cell.id}": self._job(
                p, "memory", self.store.folder / "unused", cores=cores, memory_limit_bytes=p.target.memory_limit_bytes
            )
            for p in self._open()
        }
        by_job = {f"memory~{p.cell.id}": p for p in self._open()}
        told = {name: f"{p.cell.label}: memory" for name, p in by_job.items()}
        self._perform(MEMORY, jobs, told, lambda name: self._end_if_failed(by_job[name], name))

    def profile(self) -> None:
        """Stage 5: where the time of the quantized artifacts goes, one process at a time."""
        quantized = [p for p in self._open() if p.artifact.precision.startswith("int8")]
        self.reporter.stage(PROFILE, len(quantized))
        for planned in quantized:
            name = f"profile~{planned.cell.id}"
            self.reporter.begin(told := f"{planned.cell.label}: profile")
            if name not in self.store.outcomes:
                output = self.store.folder / "profiles" / f"{planned.cell.id}.json"
                outcome = artifacts.perform(self._job(planned, "profile", output), self.plan.measuring.timeout_s)
                self.store.record(name, outcome)
            self.reporter.step(told)

    def latency(self) -> None:
        """Stage 6: the timed passes, one process at a time; with them the cells end."""
        self._rounds.measure(
            self._open(), lambda planned, job: not self._end_if_failed(planned, job),
            lambda planned: self._finish(planned, Outcome("ok")),
        )  # fmt: skip

    def remote(self) -> None:
        """Stage 7: the cells of other machines, one machine after the other."""
        for name in dict.fromkeys(p.target.name for p in self.elsewhere):
            cells = [p for p in self.elsewhere if p.target.name == name and p.cell.id not in self.store.measurements]
            if not cells:
                continue
            rows, reason = remote_stage.measured(
                cells, self.plan, self.test, self.references, self.store.folder, self.reporter
            )
            for planned in cells:
                if row := rows.get(planned.cell.id):
                    self.store.finish(row)
                    self.reporter.cell(row)
                else:
                    self._finish(planned, Outcome("failed", reason))

    @property
    def _rounds(self) -> Rounds:
        return Rounds(self.plan, self.store, self.test.signals, self.reporter)

    def _perform(
        self, stage: str, jobs: Mapping[str, Job], told: Mapping[str, str], done: Callable[[str], object]
    ) -> None:
        """Do untimed jobs, several at a time, without those that the journal has; `told` is what is heard of each."""
        self.reporter.stage(stage, len(jobs))
        left = {name: job for name, job in jobs.items() if name not in self.store.outcomes}
        for name in (name for name in jobs if name not in left):
            self.reporter.step(told[name])
            done(name)
        with ThreadPoolExecutor(_workers()) as pool:
            timeout = self.plan.measuring.timeout_s
            waiting = {pool.submit(self._performed, told[name], job, timeout): name for name, job in left.items()}
            try:
                for future in as_completed(waiting):
                    self.store.record(waiting[future], future.result())
                    self.reporter.step(told[waiting[future]])
                    done(waiting[future])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                end_children()
                raise

    def _performed(self, told: str, job: Job, timeout_s: float) -> Outcome:
        self.reporter.begin(told)
        return artifacts.perform(job, timeout_s)

    def _open(self) -> list[Planned]:
        return [p for p in self.cells if p.cell.id not in self.store.measurements]

    def _end_if_failed(self, planned: Planned, job: str) -> bool:
        """End the cell where this job did not go well; True where it did."""
        outcome = self.store.outcomes[job]
        if outcome.status == "ok":
            return True
        self._finish(planned, Outcome(outcome.status, f"{job.partition('~')[0]}: {outcome.reason}"))
        return False

    def _finish(self, planned: Planned, outcome: Outcome) -> None:
        if planned.cell.id in self.store.measurements:
            return
        row = measurement(
            self.store.folder.resolve().name, planned, self.test.label,
            planned.target.ssh or environment.host_label(self.facts), outcome,
            self.scores.get(planned.cell.id), self.store.outcomes.get(f"memory~{planned.cell.id}"),
            self.store.outcomes.get(f"profile~{planned.cell.id}"), self._rounds.done(planned),
        )  # fmt: skip
        self.store.finish(row)
        self.reporter.cell(row)

    def _job(self, planned: Planned, kind: str, output: Path, **settings: Any) -> Job:
        return planned.job(kind, self.test.signals, output, threads=self.plan.threads, **settings)

    def _predict_job(self, planned: Planned) -> Job:
        # A dynamically quantized layer chooses its scale from the whole batch: score it as it is used, one by one.
        batch = 1 if planned.artifact.precision == "int8-dynamic" else BATCH
        # One thread each, since several run at a time; the number of threads does not change the decisions.
        return planned.job("predict", self.test.signals, self._prediction_file(planned), threads=1, batch=batch)

    def _prediction_file(self, planned: Planned) -> Path:
        return self.store.folder / "predictions" / f"{_prediction(planned).removeprefix('predict~')}.npy"


def _prediction(planned: Planned) -> str:
    """Name of the prediction job: cells that run the same file in the same way share it."""
    cell = planned.cell
    how = "-".join(part for part in (planned.target.device, planned.engine) if part)
    return f"predict~{Cell(cell.model, cell.variant, cell.exporter, how).id}"


def _workers() -> int:
    """Workers at a time in the passes that are not timed: as many as cores and memory allow, four at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, cores, int(psutil.virtual_memory().available // WORKER_BYTES)))


def _mismatch(artifact: Artifact, records: RecordSet) -> str:
    """Why these records cannot be given to the artifact; empty when they can."""
    if artifact.input != records.input:
        (leads, samples), rate = artifact.input.shape, artifact.input.rate_hz
        has = f"{records.input.shape[0]} leads x {records.input.samples} samples at {records.input.rate_hz} Hz"
        return f"takes {leads} leads x {samples} samples at {rate} Hz; {records.label} has {has}"
    if artifact.classes != records.classes:
        return f"decides {', '.join(artifact.classes)}; {records.label} has {', '.join(records.classes)}"
    return ""
