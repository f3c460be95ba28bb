"""Plan → stages → measurements. `run` reads as the pipeline; each result is written to the run's folder at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.artifacts import manifests
from edgebench.core import class_order, registry, target_profiles
from edgebench.core.contracts import Outcome, Split
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import ArtifactError, DataError
from edgebench.core.expected import Expected
from edgebench.core.files import remove_unfinished, sha256, sha256_of
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.core.scratch import scratch_folder
from edgebench.core.serialization import to_json
from edgebench.isolation import forking
from edgebench.isolation.process import SHARING, end_children
from edgebench.measuring import environment
from edgebench.pipeline import read_plan, records, run_store
from edgebench.pipeline.machines import HERE, Machines
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.stages import Stages
from edgebench.tasks import chosen
from edgebench.tasks.trial import require_scores

if TYPE_CHECKING:
    from edgebench.pipeline.own_models import Sources

WAY_OUT = "correct classes in its TOML file or manifest, or name another --dataset"


def run(
    plan: Plan,
    folder: Path,
    resume: bool = False,
    listener: ProgressReporter | None = None,
    beside: Collection[str] = (),
    machines: Machines = HERE,
) -> Run:
    """Build the plan's artifacts, measure every cell, and return the run; the folder holds everything.

    With `resume`, an interrupted run in `folder` is completed and no finished job is done again. A new run may find
    `beside` in its folder. Raises PlanError, DataError, ModelError, RunError and DiskFull before or between jobs; a
    cell that fails is a row.
    """
    reporter = listener or ProgressReporter()
    check(plan, folder, resume, beside)
    _connect(plan, folder, machines)
    with run_store.locked(folder):
        stages = prepare(plan, folder, resume, reporter, beside=beside, machines=machines)
        try:
            with forking.available(SHARING):
                stages.build()
                stages.plan_cells()
                stages.predict()
            stages.memory()
            stages.latency()
            stages.remote()
        except BaseException:
            end_children()
            raise
        finally:
            remove_unfinished(folder)  # of jobs that were killed, at their timeout or by somebody
    return run_store.read(folder)


def check(plan: Plan, folder: Path, resume: bool, beside: Collection[str] = ()) -> None:
    """Check the plan and the folder before anything is read; raises EdgeBenchError."""
    if resume:
        run_store.stored_plan(folder)
    else:
        run_store.require_free(folder, beside)
    if plan.measure.reference and not plan.measure.reference.is_file():
        raise DataError(f"{plan.measure.reference}: no such file of a reference's outputs")
    registry.require_records(plan.measure.dataset, records.request(plan, "test"))
    dataset = registry.dataset(plan.measure.dataset)
    task = "" if plan.measure.task else dataset.task  # a task over the dataset's own is loaded with the records
    for path in plan.measure.artifacts:
        classes = manifests.classes_of(path, plan.build.tune_thresholds, task, dataset.classes)
        reason = class_order.mismatch(classes, dataset.classes, dataset.name)
        if classes and dataset.classes and reason:  # where the data decide them, the cell says it
            raise ArtifactError(f"{path}: {reason}; these must be the same, in any order: {WAY_OUT}")
    if not plan.measure.artifacts:
        from edgebench.pipeline import own_models  # the build side's

        own_models.check(plan.build, task, dataset.classes)
        if dataset.classes:
            own_models.check_classes(plan.build, dataset.classes, dataset.name)


def _connect(plan: Plan, folder: Path, machines: Machines) -> None:
    """Ask every other machine before anything is built for it; raises RemoteError."""
    machine = environment.machine()
    for target in (target_profiles.find(name, machine) for name in plan.measure.targets):
        if machines.elsewhere(target):
            machines.check(target, folder)


def prepare(
    plan: Plan,
    folder: Path,
    resume: bool,
    reporter: ProgressReporter,
    scored: Split = "test",
    beside: Collection[str] = (),
    machines: Machines = HERE,
) -> Stages:
    """Read the records, import the user's network, and open the run's folder, which must be locked.

    The artifacts are scored on the split `scored`.
    """
    with scratch_folder() as scratch:
        reporter.stage("read the records", 1)
        validation = records.load_validation(plan, reporter)
        test = records.load(plan, scored, reporter, plan.measure.limit)
        require_scores(test)
        unmade: dict[str, Outcome[Any]] = {}
        models = _sources(plan, records.wanted(test), validation, scratch, reporter, unmade)
        calibration = records.load_calibration(plan, reporter)
        facts = environment.describe()
        reporter.step()
        inputs = _inputs(
            plan, models, unmade, {"records": test, "calibration": calibration, "validation": validation}, facts
        )
        if resume:
            earlier = read_plan.of_run(run_store.stored_plan(folder), {}).document()
            store = run_store.reopen(folder, earlier, plan.document(), inputs)
            if store.again:
                reporter.note(f"{store.again} jobs whose processes were killed are done again")
        else:
            described = facts | {"target_threads": _threads(plan, facts, machines)}
            store = run_store.create(folder, plan.document(), inputs, described, beside)
        models = _moved(models, scratch, folder / "models")
    return Stages(plan, models, store, test, calibration, validation, facts, reporter, unmade, machines=machines)


def _threads(plan: Plan, facts: dict[str, Any], machines: Machines) -> dict[str, int]:
    """The threads that the cells of each target on this machine have."""
    targets = [target_profiles.find(name, facts) for name in plan.measure.targets]
    measure, cores = plan.measure, plan.measure.measuring.cores
    return {
        t.name: measure.threads or target_profiles.threads_here(t, cores) for t in targets if not machines.elsewhere(t)
    }


def _sources(
    plan: Plan,
    wanted: Expected,
    validation: RecordSet | None,
    scratch: Path,
    reporter: ProgressReporter,
    unmade: dict[str, Outcome[Any]],
) -> Sources:
    """The paths of the models, with the user's network imported; empty where the plan names artifacts.

    `unmade` gets the reasons of untrained ones that cannot be made.
    """
    if plan.measure.artifacts:
        return {}
    from edgebench.pipeline import own_models  # the build side's; a device has only artifacts

    if wanted.classes and not registry.dataset(plan.measure.dataset).classes:  # else they were checked before
        own_models.check_classes(plan.build, wanted.classes, wanted.label)
    own_models.check_input(plan.build, wanted)
    for line in own_models.converted(plan.build, wanted):
        reporter.note(line)
    timeout_s, seed = plan.measure.measuring.timeout_s, plan.measure.seed
    return own_models.sources(plan.build, wanted, validation, scratch, timeout_s, reporter, seed, unmade)


def _moved(models: Sources, scratch: Path, folder: Path) -> Sources:
    if not models:
        return models
    from edgebench.pipeline import own_models

    return own_models.moved(models, scratch, folder)


def _inputs(
    plan: Plan, models: Sources, unmade: Mapping[str, Outcome[Any]], sets: dict[str, RecordSet | None],
    facts: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Hashes of all inputs of the results that could change between a run and its resume."""
    tuned, test = plan.build.tune_thresholds, sets["records"]
    assert test is not None
    named = [manifests.read(path, tuned, records.wanted(test)).artifact for path in plan.measure.artifacts]
    return {
        **{name: records.identity(found) if found else "" for name, found in sets.items()},
        "models": dict.fromkeys(unmade, "") | {name: _model_identity(source) for name, source in models.items()},
        "targets": {name: asdict(target_profiles.find(name, facts)) for name in plan.measure.targets},
        "cuda": facts["cuda"],
        "python": facts["python"],
        "artifacts": [sha256_of(to_json(artifact)) for artifact in named],
        "machine": facts["fingerprint"],
        "packages": facts["packages"],
        **({"task": chosen.identity(plan.measure.task)} if plan.measure.task else {}),
        **({"reference": sha256(plan.measure.reference)} if plan.measure.reference else {}),
    }


def _model_identity(source: str) -> str:
    """Hash of a model's manifest, which contains the hash of its weights."""
    from edgebench.models import store  # the build side's

    return store.find(source).manifest.identity()
