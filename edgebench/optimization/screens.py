"""Carries out the steps of a search: each is a small quick run on validation records, in one folder.

So each trial meets the same stages as a run: built and checked, scored, its size, then short timing and memory in one
process. Nothing here reads the test split.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgebench.artifacts.manifests import MANIFEST
from edgebench.choosing import devices, limits
from edgebench.core.cells import Target
from edgebench.core.contracts import REFERENCE, Split
from edgebench.core.errors import OutOfTime
from edgebench.core.files import remove_unfinished, safe, safe_name
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.core.settings import PRESETS, QUICK, Measuring
from edgebench.isolation import forking
from edgebench.isolation.process import SHARING, end_children
from edgebench.optimization.request import Request
from edgebench.optimization.space import UNCHANGED
from edgebench.pipeline import harness, records
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.schedule import LATENCY
from edgebench.pipeline.stages import Stages
from edgebench.pipeline.trials import Batch, Step, Trial
from edgebench.tasks.scoring import scoring
from edgebench.tasks.trial import require_scores

SPLIT: Split = "validation"
SCREENED = 512
"""Validation records of a trial, at most."""
NO_TIME = "no time was left"


@dataclass
class Screens:
    """The open folder of a search."""

    request: Request
    folder: Path
    reporter: ProgressReporter
    _stages: dict[str, Stages] = field(default_factory=dict)
    """By the name of the run's folder below that of the search."""

    def records(self) -> int:
        """How many validation records there are, at most `--limit`, as of the test records.

        Raises PlanError for a bound that no value of their primary metric could meet, DataError where they lack labels.
        """
        found = records.load(self.request.plan, SPLIT, self.reporter)
        require_scores(found)
        limits.check(self.request.plan.measure.policy, scoring(found).metrics[0])
        limit = self.request.plan.measure.limit
        return len(found) if limit is None else min(len(found), limit)

    def carry_out(self, step: Step, deadline_s: float) -> Batch:
        """Build and measure the artifacts of a step; those that are not done after `deadline_s` end without numbers."""
        begun = time.monotonic()
        stages = self._opened(step)
        watch = _Watch(self.reporter)
        wanted = _plan(stages.plan, step)
        now = replace(stages, plan=wanted, built={}, cells=[], remote_cells=[], reporter=watch)
        with _deadline(deadline_s - (time.monotonic() - begun), watch) as late:
            try:
                with forking.available(SHARING):
                    now.build()
                    now.plan_cells()
                    now.predict()
                now.memory()
                now.latency()
            except OutOfTime:
                pass
            except BaseException:
                end_children()
                raise
            finally:
                remove_unfinished(now.store.folder)
        rows = [(one, m) for one in now.cells if (m := now.store.measurements.get(one.cell.id))]
        cut = bool(late)
        epochs = {(variant, exporter): number for variant, exporter, number in step.candidates}
        trials = [
            Trial(_there(m, planned.target), epochs.get((m.cell.variant, m.cell.exporter), step.epochs))
            for planned, m in rows
            if m.status == "ok" or not cut
        ]
        return Batch(
            step, time.monotonic() - begun, tuple(trials), watch.process_s, NO_TIME if cut else "", len(now.test)
        )

    def _opened(self, step: Step) -> Stages:
        folder = self.folder / step.stage if step.candidates else folder_of(self.folder, step.epochs)
        if (name := folder.name) not in self._stages:
            plan = self._plan_of(step)
            folder.mkdir(parents=True, exist_ok=True)
            again = (folder / "plan.json").is_file()
            quiet = _Quiet(self.reporter)
            self._stages[name] = harness.prepare(plan, folder, again, quiet, SPLIT)
        return self._stages[name]

    def _plan_of(self, step: Step) -> Plan:
        """The plan of the run in which a step's artifacts are tried."""
        own = self.request.plan
        preset = {**PRESETS[QUICK]["measuring"], "max_seconds": None}  # the deadline of the step bounds a slow network
        measuring = Measuring(**preset, preset=QUICK, timeout_s=own.measure.measuring.timeout_s,
                              cores=own.measure.measuring.cores)  # fmt: skip
        changes: dict[str, object] = {"measuring": measuring, "variants": (UNCHANGED,)}
        if step.candidates:
            asked = ((UNCHANGED, REFERENCE, 0), *step.candidates)
            paths = [manifest(self.folder, *one) for one in asked]
            return own.replaced(**changes, artifacts=tuple(dict.fromkeys(paths)))
        limit = min(SCREENED, own.measure.limit or SCREENED)
        if step.epochs:
            changes["finetuning"] = replace(own.build.finetuning, epochs=step.epochs)
        return own.replaced(**changes, limit=limit)


def _there(m: Measurement, target: Target) -> Measurement:
    """The measurement, unsupported where the target cannot install its runtime, which an option may have chosen."""
    reason = devices.impossible(m.format, target.architecture)
    return replace(m, status="unsupported", reason=reason) if reason and m.status == "ok" else m


def folder_of(home: Path, epochs: int) -> Path:
    """The folder of the trials with so many epochs of fine-tuning, within that of the search."""
    return home / (f"trained-{epochs}" if epochs else "trials")


def manifest(home: Path, variant: str, exporter: str, epochs: int = 0) -> Path:
    """The manifest of an artifact of the search, below the name of its only model."""
    artifacts = folder_of(home, epochs) / "artifacts"
    model = next(iter(sorted(artifacts.iterdir())), artifacts) if artifacts.is_dir() else artifacts
    return model / safe(variant) / safe_name(exporter) / MANIFEST


def _plan(plan: Plan, step: Step) -> Plan:
    """The plan of a step in its run, whose other artifacts are there already."""
    if step.candidates:
        return plan
    return plan.replaced(variants=step.variants, exporters=step.exporters)


@contextmanager
def _deadline(seconds: float, watch: _Watch) -> Iterator[list[bool]]:
    """End the children of the block after so many seconds; the list is then not empty."""
    late: list[bool] = []

    def end() -> None:
        late.append(True)
        watch.late = True
        end_children()

    timer = threading.Timer(max(0.1, seconds), end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


class _Quiet(ProgressReporter):
    """Tells of reading records only."""

    def __init__(self, outer: ProgressReporter) -> None:
        self.progress = outer.progress  # type: ignore[method-assign]
        self.detail = outer.detail  # type: ignore[method-assign]


class _Watch(_Quiet):
    """Shows what a batch is at, and measures how long a timed process takes."""

    def __init__(self, outer: ProgressReporter) -> None:
        super().__init__(outer)
        self.late = False
        self._timing, self._since, self._processes, self._spent = False, 0.0, 0, 0.0

    @property
    def process_s(self) -> float | None:
        """Mean wall time of a timed process; None where none was timed."""
        return self._spent / self._processes if self._processes else None

    def stage(self, name: str, total: int) -> None:
        """The stages of a batch are not shown, but timed processes are counted."""
        self._timing, self._since = name == LATENCY, time.monotonic()
        self._check()

    def begin(self, text: str) -> None:
        """Show the step; raises OutOfTime after the deadline."""
        self._check()
        self.detail(text)

    def step(self, text: str = "") -> None:
        """End the step; raises OutOfTime after the deadline."""
        if self._timing:
            now = time.monotonic()
            self._spent, self._processes, self._since = self._spent + now - self._since, self._processes + 1, now
        self._check()

    def _check(self) -> None:
        if self.late:
            raise OutOfTime(NO_TIME)


Carry = Callable[[Step, float], Batch]
"""Carries out a step within so many seconds."""
