"""The verbs of the command line as functions; `edgebench` exports them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import MissingPackage, PlanError
from edgebench.core.paths import AnyPath, path_or_none
from edgebench.core.paths import new_folder as new_folder
from edgebench.core.paths import paths as listed
from edgebench.reading import names

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact, Outcome
    from edgebench.core.measurements import Run
    from edgebench.core.policy import Policy
    from edgebench.core.progress import ProgressReporter
    from edgebench.fleet.fleet import Options
    from edgebench.pipeline.plan import Plan
    from edgebench.remote.bundles.layout import Listing
    from edgebench.reports.notebook import MeasuredRun

FORMATS = ("csv", "md", "html")
"""The formats that a run writes at its end, and `edgebench report` by default."""


def run(
    plan: Plan | AnyPath | None = None,
    output: AnyPath | None = None,
    resume: bool = False,
    listener: ProgressReporter | None = None,
    cluster: Options | str | None = None,
    **overrides: Any,
) -> MeasuredRun:
    """Build, measure and report a plan; returns the run.

    `plan` is a Plan, a TOML file or None for the embedded default; `overrides` are its fields, or `quick=True`,
    `thorough=True` for a preset of them. `output` is the run's folder (default: results/TIME), with `resume` that of
    the run to complete. `cluster` is a Dask scheduler's address, or its options. Raises EdgeBenchError.
    """
    from edgebench.fleet import fleet
    from edgebench.pipeline import harness

    folder, chosen = path_or_none(output) or new_folder(), _resolve(plan, overrides)
    with fleet.opened(cluster, listener) as machines:
        return reported(harness.run(chosen, folder, resume, listener, machines=machines))


def measure(artifacts: AnyPath | Iterable[AnyPath], output: AnyPath | None = None, **overrides: Any) -> MeasuredRun:
    """Measure an existing artifact, several, or one bundle; needs only the runtimes of their formats.

    `overrides` are the plan's fields of measuring, and presets as in `run`. Raises EdgeBenchError.
    """
    paths = listed(artifacts)
    if bundle_of(paths):
        return measure_bundle(paths[0], path_or_none(output) or new_folder(), **overrides)
    return run(None, output, artifacts=manifests(paths), **{"targets": ("host",), **overrides})


def measure_bundle(
    bundle: AnyPath, folder: AnyPath, resume: bool = False, listener: ProgressReporter | None = None, **overrides: Any
) -> MeasuredRun:
    """Measure a bundle into a folder, or complete that run; `overrides` are the plan's fields of measuring.

    Raises EdgeBenchError.
    """
    from edgebench.pipeline import bundle_plan, harness

    plan = bundle_plan.load(Path(bundle), overrides, Path(folder) if resume else None)
    return reported(harness.run(plan, Path(folder), resume, listener))


def report(
    runs: AnyPath | Iterable[AnyPath],
    formats: str | Sequence[str] = FORMATS,
    output: AnyPath | None = None,
    policy: Policy | AnyPath | None = None,
) -> list[Path]:
    """Write the reports of each run beside its measurements, or into `output`; returns the files.

    `policy` decides stars and recommendations: a record, a TOML file, or None for that of each run's plan.
    Several runs go into `output` as one report, with a section for each machine. Of the default formats, one whose
    package is not installed is left out. Raises UnknownPlugin before anything is written, MissingPackage and RunError.
    """
    from edgebench.choosing import policies
    from edgebench.core import registry
    from edgebench.core.files import write_bytes
    from edgebench.core.policy import Policy
    from edgebench.pipeline import run_store

    if not formats:
        raise PlanError(f"no report format was named; there are {', '.join(registry.names('renderers'))}")
    renderers = {name: registry.renderer(name) for name in names(formats)}
    written: list[Path] = []
    judged = [run_store.read(folder) for folder in listed(runs)]
    if output is not None and len(judged) > 1:
        judged = [run_store.merged(judged)]
    if policy is not None:
        asked = policy if isinstance(policy, Policy) else policies.read(Path(policy))
        judged = [policies.judged_by(found, asked) for found in judged]
    for found in judged:
        for name, renderer in renderers.items():
            try:
                files = renderer.render(found)
            except ModuleNotFoundError as error:
                if formats != FORMATS:
                    raise MissingPackage(error.name or name, "report", f"the report format '{name}'") from None
                continue  # a device measures without pandas; another machine reports its run
            for file, content in files.items():
                written.append(Path(output or found.folder) / file)
                write_bytes(written[-1], content.encode() if isinstance(content, str) else content)
    return written


def bundle_of(paths: list[Path]) -> bool:
    """Whether these paths are one bundle; raises PlanError where it is one of several."""
    from edgebench.remote.bundles import reading

    found = [path for path in paths if reading.is_bundle(path)]
    if found and len(paths) > 1:
        raise PlanError(f"{found[0]}: a bundle is measured alone")
    return bool(found)


def bundle(
    paths: AnyPath | Iterable[AnyPath],
    output: AnyPath,
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

    return writing.write(
        packing.collect(listed(paths), data, overrides, listener or ProgressReporter()), Path(output), folder
    )


def manifests(paths: Iterable[AnyPath]) -> tuple[Path, ...]:
    """Every manifest below these folders; raises ArtifactError later, where there is none."""
    from edgebench.artifacts.manifests import manifests as below

    return tuple(found for path in paths for found in below(Path(path)))


def export(
    models: str | Sequence[str] = (),
    exporters: str | Sequence[str] = (),
    output: AnyPath = "artifacts",
    listener: ProgressReporter | None = None,
    **overrides: Any,
) -> dict[str, Outcome[Artifact]]:
    """Build artifacts into `output`/MODEL/VARIANT/EXPORTER/, each checked in a fresh process; returns each outcome.

    Without `models` it is the one that a run takes. `overrides` are fields of the plan: variants, dataset, data_dir,
    calibration_records, measuring.
    """
    from edgebench.artifacts.build import Build, build
    from edgebench.core import registry
    from edgebench.core.datasets import DataRequest
    from edgebench.core.files import safe
    from edgebench.core.job_keys import JobKey
    from edgebench.core.progress import EXPORT, ProgressReporter
    from edgebench.models import store
    from edgebench.pipeline import own_models, records
    from edgebench.pipeline.variants import Variants, folder_in

    reporter, output = listener or ProgressReporter(), Path(output)
    plan = _resolve(None, {"models": names(models), "exporters": names(exporters), **overrides})
    asked, timeout_s = plan.build, plan.measure.measuring.timeout_s
    dataset = registry.dataset(plan.measure.dataset)  # one error, before anything is read or built
    own_models.check(asked, "" if plan.measure.task else dataset.task, dataset.classes)
    if output.exists() and not output.is_dir():
        raise PlanError(f"{output}: a file, not a folder; give another --output")
    validation = records.load_validation(plan, reporter)
    calibration = records.load_calibration(plan, reporter)
    check = calibration or registry.dataset("demo").load(DataRequest("test"))
    if (asked.own_models or asked.untrained) and not calibration:
        check = records.load(plan, "calibration", reporter)
    wanted, seed = records.wanted(check), plan.measure.seed
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
    reporter.stage(EXPORT, len(sources) * len(asked.variants) * len(asked.exporters))
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
                request = Build(source, variant, asked.exporters, output / name, calibration, check, timeout_s)
                build(request, done, begun)
                continue
            for exporter in asked.exporters:
                done(exporter, outcome.failure())
    return outcomes


def train(name: AnyPath, dataset: str = "ptbxl", directory: AnyPath | None = None, **options: Any) -> Path:
    """Train an architecture; see `edgebench.training.loop.train`. Returns the manifest's path."""
    try:
        from edgebench.training import loop
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "torch", "all", "training") from None
    from edgebench.artifacts import opening

    recipe = options.get("recipe") or {}
    for model in dict.fromkeys(filter(None, (recipe.get("start"), *str(recipe.get("teacher") or "").split(",")))):
        opening.network(str(model).strip())
    output = Path(options.pop("output", "models"))
    return loop.train(os.fspath(name), dataset, path_or_none(directory), output, **options)


def reported(finished: Run) -> MeasuredRun:
    """The run, after its reports are written."""
    from edgebench.reports.notebook import MeasuredRun

    report(finished.folder)
    return MeasuredRun.of(finished)


def _resolve(plan: Plan | AnyPath | None, overrides: dict[str, Any]) -> Plan:
    from edgebench.pipeline import read_plan
    from edgebench.pipeline.plan import Plan

    if isinstance(plan, Plan):
        return read_plan.over(plan, overrides)
    return read_plan.load(path_or_none(plan), overrides)
