"""The verbs of the command line as functions; `edgebench` exports them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import EdgeBenchError, MissingPackage, PlanError

if TYPE_CHECKING:
    from edgebench.choosing.recommendation import Recommendation
    from edgebench.core.contracts import Artifact, Outcome
    from edgebench.core.measurements import Run
    from edgebench.core.policy import Policy
    from edgebench.core.progress import ProgressReporter
    from edgebench.pipeline.plan import Plan
    from edgebench.remote.bundles.layout import Listing

FORMATS = ("csv", "md", "html")
"""The formats that a run writes at its end, and `edgebench report` by default."""


def run(
    plan: Plan | Path | None = None,
    output: Path | None = None,
    resume: bool = False,
    listener: ProgressReporter | None = None,
    **overrides: Any,
) -> Run:
    """Build, measure and report a plan; returns the run.

    `plan` is a Plan, a TOML file or None for the embedded default; `overrides` are its fields. `output` is the run's
    folder (default: results/TIME); with `resume` it is the folder of the run to complete. Raises EdgeBenchError.
    """
    from edgebench.pipeline import harness

    chosen = _resolve(plan, overrides)
    finished = harness.run(chosen, output or new_folder(), resume, listener)
    report([finished.folder])
    return finished


def measure(artifacts: Iterable[Path], output: Path | None = None, **overrides: Any) -> Run:
    """Measure existing artifacts, or one bundle; needs only the runtimes of their formats."""
    paths = list(artifacts)
    if bundle_of(paths):
        return measure_bundle(paths[0], output or new_folder(), **overrides)
    return run(None, output, artifacts=manifests(paths), **{"targets": ("host",), **overrides})


def measure_bundle(
    bundle: Path, folder: Path, resume: bool = False, listener: ProgressReporter | None = None, **overrides: Any
) -> Run:
    """Measure a bundle into a folder, or complete that run; `overrides` are the plan's fields of measuring.

    Raises EdgeBenchError.
    """
    from edgebench.pipeline import bundle_plan, harness

    plan = bundle_plan.load(bundle, overrides, folder if resume else None)
    finished = harness.run(plan, folder, resume, listener)
    report([finished.folder])
    return finished


def bundle_of(paths: list[Path]) -> bool:
    """Whether these paths are one bundle; raises PlanError where it is one of several."""
    from edgebench.remote.bundles import reading

    found = [path for path in paths if reading.is_bundle(path)]
    if found and len(paths) > 1:
        raise PlanError(f"{found[0]}: a bundle is measured alone")
    return bool(found)


def bundle(
    paths: Iterable[Path],
    output: Path,
    folder: bool = False,
    data: bool = True,
    listener: ProgressReporter | None = None,
    **overrides: Any,
) -> Listing:
    """Pack artifacts, of runs or of folders, with everything that another machine needs to measure them.

    `overrides` are fields of the plan (targets, dataset, data_dir, limit, threads, measuring, …); the first run's plan
    has the others. Without `data` no record is packed. Returns what the bundle lists. Raises EdgeBenchError.
    """
    from edgebench.core.progress import ProgressReporter
    from edgebench.pipeline import packing
    from edgebench.remote.bundles import writing

    return writing.write(packing.collect(list(paths), data, overrides, listener or ProgressReporter()), output, folder)


def manifests(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Every manifest below these folders; raises ArtifactError later, where there is none."""
    from edgebench.artifacts.manifests import manifests as below

    return tuple(found for path in paths for found in below(path))


def export(
    models: tuple[str, ...] = ("resnet1d",),
    exporters: tuple[str, ...] = (),
    output: Path = Path("artifacts"),
    listener: ProgressReporter | None = None,
    **overrides: Any,
) -> dict[str, Outcome[Artifact]]:
    """Build artifacts into `output`/MODEL/VARIANT/EXPORTER/, each checked in a fresh process; returns each outcome.

    `overrides` are fields of the plan: variants, dataset, data_dir, calibration_records, measuring.
    """
    from edgebench.artifacts.build import Build, build
    from edgebench.core import registry
    from edgebench.core.datasets import DataRequest
    from edgebench.core.files import safe
    from edgebench.core.job_keys import JobKey
    from edgebench.core.progress import ProgressReporter
    from edgebench.models import store
    from edgebench.pipeline import own_models, records
    from edgebench.pipeline.variants import Variants, folder_in

    reporter = listener or ProgressReporter()
    plan = _resolve(None, {"models": models, "exporters": exporters, **overrides})
    asked, timeout_s = plan.build, plan.measure.measuring.timeout_s
    # One error, before anything is read or built.
    own_models.check(asked, "" if plan.measure.task else registry.dataset(plan.measure.dataset).task)
    if output.exists() and not output.is_dir():
        raise PlanError(f"{output}: a file, not a folder; give another --output")
    validation = records.load_validation(plan, reporter)
    calibration = records.load_calibration(plan, reporter)
    check = calibration or registry.dataset("demo").load(DataRequest("test"))
    if (asked.own_models or asked.untrained) and not calibration:
        check = records.load(plan, "calibration", reporter)
    wanted = records.wanted(check)
    seed = plan.measure.seed
    sources = own_models.sources(asked, wanted, validation, output / "models", timeout_s, reporter, seed)
    taken = {name: store.described(source).input for name, source in sources.items()}
    if not calibration and any(spec.mismatch(check.input.spec, check.label) for spec in taken.values()):
        check = records.load(plan, "calibration", reporter)
    for name, spec in taken.items():
        if reason := spec.mismatch(check.input.spec, check.label):
            raise PlanError(f"{name}: {reason}; name the dataset that it is for: --dataset")
    outcomes: dict[str, Outcome[Artifact]] = {}
    made: dict[JobKey, Outcome[Any]] = {}
    variants = Variants(plan, sources, folder_in(output, "model"), made, made.__setitem__, reporter)
    reporter.stage("export and check", len(sources) * len(asked.variants) * len(asked.exporters))
    for model in sources:
        for variant in asked.variants:
            name = f"{model}/{safe(variant)}"

            def begun(exporter: str, name: str = name) -> None:
                reporter.begin(f"{name}/{exporter}")

            def done(exporter: str, outcome: Outcome[Artifact], name: str = name) -> None:
                outcomes[f"{name}/{exporter}"] = outcome
                reporter.built(f"{name}/{exporter}", outcome)
                reporter.step(f"{name}/{exporter}")

            outcome, source = variants.find(model, variant)
            if outcome.status == "ok":
                build(
                    Build(source, variant, asked.exporters, output / name, calibration, check, timeout_s), done, begun
                )
                continue
            for exporter in asked.exporters:
                done(exporter, outcome.failure())
    return outcomes


def report(
    runs: Iterable[Path],
    formats: tuple[str, ...] = FORMATS,
    output: Path | None = None,
    policy: Policy | Path | None = None,
) -> list[Path]:
    """Write the reports of each run beside its measurements, or into `output`; returns the files.

    `policy` decides stars and recommendations: a record, a TOML file, or None for that of each run's plan.
    Several runs go into `output` as one report, with a section for each machine. Of the default formats, one whose
    package is not installed is left out. Raises UnknownPlugin before anything is written, MissingPackage and RunError.
    """
    from edgebench.choosing import policies
    from edgebench.core import registry
    from edgebench.core.files import write_bytes
    from edgebench.pipeline import run_store

    if not formats:
        raise PlanError(f"no report format was named; there are {', '.join(registry.names('renderers'))}")
    renderers = {name: registry.renderer(name) for name in formats}
    written, read = [], [run_store.read(folder) for folder in runs]
    if output is not None and len(read) > 1:
        read = [run_store.merged(read)]
    if policy is not None:
        asked = policies.read(policy) if isinstance(policy, Path) else policy
        read = [policies.judged_by(found, asked) for found in read]
    for found in read:
        for name, renderer in renderers.items():
            try:
                files = renderer.render(found)
            except ModuleNotFoundError as error:
                if formats != FORMATS:
                    raise MissingPackage(error.name or name, "report", f"the report format '{name}'") from None
                continue  # a device measures without pandas; another machine reports its run
            for file, content in files.items():
                path = (output or found.folder) / file
                write_bytes(path, content.encode() if isinstance(content, str) else content)
                written.append(path)
    return written


def recommend(run: Path, target: str = "", policy: Policy | Path | None = None, **changes: Any) -> list[Recommendation]:
    """Which artifact of the run in a folder to ship: one answer for each machine and target, or for the one named.

    `policy` is a record, a TOML file, or None for that of the run's plan; `changes` are fields of
    `edgebench.core.policy.Policy`, in seconds and bytes. Raises RunError, and PlanError for an invalid bound or an
    unknown target.
    """
    from edgebench.choosing import policies
    from edgebench.choosing.recommendation import recommend
    from edgebench.pipeline import run_store
    from edgebench.tasks.names import today

    found = run_store.read(run)
    asked = policies.read(policy) if isinstance(policy, Path) else policy or policies.of_run(found)
    return recommend(found, policies.changed(asked, today(changes)), target)


def train(name: str, dataset: str = "ptbxl", directory: Path | None = None, **options: Any) -> Path:
    """Train an architecture; see `edgebench.training.loop.train`. Returns the manifest's path."""
    try:
        from edgebench.training import loop
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "torch", "all", "training") from None
    from edgebench.artifacts import opening

    recipe = options.get("recipe") or {}
    for model in dict.fromkeys(filter(None, (recipe.get("start"), recipe.get("teacher")))):
        opening.network(str(model))
    return loop.train(name, dataset, directory, options.pop("output", Path("models")), **options)


def new_folder() -> Path:
    """A folder for a new run, named by the time."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    for number in range(100):
        folder = Path("results") / (stamp if not number else f"{stamp}-{number}")
        if not folder.exists():
            return folder
    raise EdgeBenchError(f"results/{stamp}: taken; give --output")


def _resolve(plan: Plan | Path | None, overrides: dict[str, Any]) -> Plan:
    from edgebench.pipeline import read_plan
    from edgebench.pipeline.plan import Plan

    return read_plan.over(plan, overrides) if isinstance(plan, Plan) else read_plan.load(plan, overrides)
