"""Grid → cells → measurements. `run` reads as the pipeline; everything it learns is in the run's folder at once."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.artifacts import artifacts
from edgebench.core import registry, target_profiles
from edgebench.core.contracts import DataRequest, RecordSet, Split
from edgebench.core.files import sha256, sha256_of
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import to_json
from edgebench.isolation.process import end_children
from edgebench.measuring import environment
from edgebench.pipeline import device_plan, run_store
from edgebench.pipeline.build_stage import artifact_of
from edgebench.pipeline.device_plan import DevicePlan
from edgebench.pipeline.stages import Grid
from edgebench.remote import session

if TYPE_CHECKING:
    from edgebench.pipeline.plan import Plan


def run(plan: Plan | DevicePlan, folder: Path, resume: bool = False, listener: ProgressReporter | None = None) -> Run:
    """Build what the plan asks for, measure every cell, and return the run; the folder holds all of it.

    With `resume`, an interrupted run in `folder` is completed and no finished job is done again. Raises PlanError,
    DataError, ModelError, RunError and DiskFull before or between jobs; a cell that fails is a row.
    """
    reporter = listener or ProgressReporter()
    _check(plan, folder, resume)
    _reach(plan, folder)
    with run_store.locked(folder):
        grid = _prepare(plan, folder, resume, reporter)
        try:
            grid.build()
            grid.plan_cells()
            grid.predict()
            grid.memory()
            grid.profile()
            grid.latency()
            grid.remote()
        except BaseException:
            end_children()
            raise
    return run_store.read(folder)


def _check(plan: Plan | DevicePlan, folder: Path, resume: bool) -> None:
    """What can be refused before anything is read, so that the error stands alone; raises EdgeBenchError."""
    if resume:
        run_store.saved_plan(folder)
    else:
        run_store.require_free(folder)
    registry.require_records(plan.dataset, _request(plan, "test"))
    for path in plan.artifacts:
        artifacts.read(path, plan.tune_thresholds)
    if plan.models and not plan.artifacts:
        from edgebench.pipeline import own_models

        own_models.check(plan)  # type: ignore[arg-type]  # a DevicePlan has no models


def _reach(plan: Plan | DevicePlan, folder: Path) -> None:
    """Connect to every device over SSH before anything is built for it; raises RemoteError."""
    machine = environment.machine()
    for target in (target_profiles.find(name, machine) for name in plan.targets):
        if target.ssh:
            session.check(target, folder)


def _prepare(plan: Plan | DevicePlan, folder: Path, resume: bool, reporter: ProgressReporter) -> Grid:
    with tempfile.TemporaryDirectory() as scratch:
        # Where its thresholds are known, a person's network that cannot be used is an error that stands alone, too.
        early = None if plan.tune_thresholds else _taken_in(plan, None, Path(scratch))
        reporter.stage("read the records", 1)
        test = load_records(plan, "test", reporter)
        calibration = load_calibration(plan, reporter)
        facts = environment.describe()
        validation = load_records(plan, "validation", reporter) if plan.tune_thresholds else None
        reporter.step()
        ready = early or _taken_in(plan, validation, Path(scratch))
        inputs = _inputs(ready, test, calibration, validation, facts)
        if resume:
            store = run_store.reopen(folder, _saved(plan, folder).document(), plan.document(), inputs)
        else:
            cores = plan.measuring.cores
            targets = [t for n in plan.targets if not (t := target_profiles.find(n, facts)).ssh]
            used = {t.name: plan.threads or target_profiles.threads_here(t, cores) for t in targets}
            store = run_store.create(folder, plan.document(), inputs, facts | {"target_threads": used})
        ready = _moved(ready, Path(scratch), folder / "models")
    return Grid(ready, store, test, calibration, validation, facts, reporter)


def _taken_in(plan: Plan | DevicePlan, validation: RecordSet | None, scratch: Path) -> Plan | DevicePlan:
    """With networks of a person's own made into models; a device has none, and needs not what makes them."""
    if isinstance(plan, DevicePlan):
        return plan
    from edgebench.pipeline import own_models

    return own_models.take_in(plan, validation, scratch)


def _moved(plan: Plan | DevicePlan, scratch: Path, folder: Path) -> Plan | DevicePlan:
    if isinstance(plan, DevicePlan):
        return plan
    from edgebench.pipeline import own_models

    return own_models.moved(plan, scratch, folder)


def _saved(plan: Plan | DevicePlan, folder: Path) -> Plan | DevicePlan:
    """The plan of the run in the folder, as one of the same kind; raises RunError, PlanError."""
    saved = run_store.saved_plan(folder)
    if isinstance(plan, DevicePlan):
        return device_plan.from_document(saved)
    from edgebench.pipeline.plan import over_saved

    return over_saved(saved, {})


def load_calibration(plan: Plan | DevicePlan, reporter: ProgressReporter) -> RecordSet | None:
    """The records that int8 is calibrated on; None where the plan has no exporter that calibrates."""
    if plan.artifacts or not any(registry.exporter(name).calibrates for name in plan.exporters):
        return None
    return load_records(plan, "calibration", reporter)


def load_records(plan: Plan | DevicePlan, split: Split, reporter: ProgressReporter) -> RecordSet:
    """The records of one split as the plan asks for them; bad records that were left out are told."""
    records = registry.dataset(plan.dataset).load(_request(plan, split), reporter.progress)
    if records.dropped:
        reporter.note(
            f"{len(records.dropped)} bad records left out of the {split} split; the first: {records.dropped[0]}"
        )
    return records


def _request(plan: Plan | DevicePlan, split: Split) -> DataRequest:
    return DataRequest(
        split, plan.data_dir, limit={"calibration": plan.calibration_records, "test": plan.limit}.get(split),
        keep_unlabelled=plan.keep_unlabelled and split == "test", skip_bad_records=plan.skip_bad_records,
    )  # fmt: skip


def _inputs(
    plan: Plan | DevicePlan, test: RecordSet, calibration: RecordSet | None, validation: RecordSet | None,
    facts: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Hashes of everything that the numbers depend on and that could change between a run and its resume."""
    return {
        "records": identity(test),
        "calibration": identity(calibration) if calibration else "",
        "validation": identity(validation) if validation else "",
        "models": {} if plan.artifacts else {artifacts.safe(name): _model_identity(name) for name in plan.models},
        "targets": {name: asdict(target_profiles.find(name, facts)) for name in plan.targets},
        "cuda": facts["cuda"],
        "python": facts["python"],
        "artifacts": [
            sha256_of(to_json(artifact_of(artifacts.read(path, plan.tune_thresholds)))) for path in plan.artifacts
        ],
        "machine": facts["fingerprint"],
        "packages": facts["packages"],
    }


def identity(records: RecordSet) -> str:
    """Hash of the samples, the labels and the numbers of the records."""
    return sha256_of(sha256(records.signals), records.labels.tobytes().hex(), records.ids.tobytes().hex())


def _model_identity(name: str) -> str:
    """Hash of a model's manifest, which has that of its weights."""
    from edgebench.models import store  # the build side's

    return sha256_of(store.find(name).manifest.model_dump_json())
