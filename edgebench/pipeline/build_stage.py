"""The artifacts of a run: each one built and checked, or, where the plan names artifacts, those that are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.artifacts import artifacts
from edgebench.artifacts.artifacts import Built
from edgebench.core.contracts import Artifact, Outcome, RecordSet
from edgebench.core.errors import PlanError, RunError
from edgebench.core.files import safe_name
from edgebench.core.options import REFERENCE
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import from_dict
from edgebench.pipeline.run_store import RunStore

if TYPE_CHECKING:
    from edgebench.pipeline.device_plan import DevicePlan
    from edgebench.pipeline.plan import Plan
    from edgebench.pipeline.variants import Sources

Key = tuple[str, str, str]
"""Model, variant and exporter."""


def given(plan: Plan | DevicePlan, validation: RecordSet | None, folder: Path) -> dict[Key, Built]:
    """The plan's own artifacts; thresholds are chosen on `validation` for those made elsewhere, and kept in `folder`.

    Raises PlanError where two are of one name.
    """
    read: dict[Key, Built] = {}
    for path in plan.artifacts:
        found = artifacts.read(path, plan.tune_thresholds)
        artifact = artifact_of(found)
        key = (artifact.model, artifact.variant, artifact.exporter)
        if validation and artifact.feed:
            from edgebench.pipeline import own_models  # the build side's

            kept = folder / "artifacts" / artifact.model / artifact.exporter / artifacts.MANIFEST
            found = own_models.with_thresholds(found, validation, kept, plan.measuring.timeout_s)
        if key in read:
            raise PlanError(f"{path}: a second artifact of {' '.join(key)}; measure them in runs of their own")
        read[key] = found
    return read


def artifact_of(built: Built) -> Artifact:
    """The record of an artifact that was read or built."""
    if built.artifact is None:
        raise RunError("an artifact without a manifest")
    return built.artifact


@dataclass
class Building:
    """Builds what a plan asks for, and of each model the reference; what the run's folder has is verified and kept."""

    plan: Plan
    store: RunStore
    calibration: RecordSet | None
    test: RecordSet
    reporter: ProgressReporter
    built: dict[Key, Built] = field(default_factory=dict)

    def all(self) -> dict[Key, Built]:
        """Every artifact, or why there is none."""
        exporters = (*self.plan.exporters, *(() if REFERENCE in self.plan.exporters else (REFERENCE,)))
        pairs = {(model, variant): exporters for model in self.plan.models for variant in self.plan.variants}
        for model in self.plan.models:
            pairs.setdefault((model, "none"), (REFERENCE,))
        self.reporter.stage("export and check", sum(map(len, pairs.values())))
        for (model, variant), chosen in pairs.items():
            self._pair(model, variant, chosen)
        return self.built

    def _pair(self, name: str, variant: str, exporters: tuple[str, ...]) -> None:
        model = artifacts.safe(name)
        folder = self.store.folder / "artifacts" / model / artifacts.safe(variant)

        def job(exporter: str) -> str:
            return f"build~{model}~{artifacts.safe(variant)}~{exporter}"

        def told(exporter: str) -> str:
            return f"{model} {exporter if variant == 'none' else f'{exporter} · {variant}'}: export and check"

        def keep(exporter: str, outcome: Outcome) -> None:
            if job(exporter) not in self.store.outcomes:
                self.store.record(job(exporter), outcome)
                self.reporter.built(f"{model} {exporter}", outcome)
            artifact = from_dict(Artifact, dict(outcome.values)) if outcome.status == "ok" else None
            path = folder / safe_name(exporter) / artifact.file if artifact else None
            self.built[model, variant, exporter] = Built(outcome, artifact, path)
            self.reporter.step(told(exporter))

        outcome, source = self._sources().find(name, variant)
        if outcome.status != "ok":
            for exporter in exporters:
                keep(exporter, outcome)
            return
        left = []
        for exporter in exporters:
            known = self.store.outcomes.get(job(exporter))
            if known is None:
                left.append(exporter)
                continue
            keep(exporter, known)
            made = self.built[model, variant, exporter]
            if made.artifact and made.path:
                artifacts.verify(made.artifact, made.path)
        if left:
            timeout = self.plan.measuring.timeout_s
            artifacts.build(
                source, variant, tuple(left), folder, self.calibration, self.test, timeout, keep,
                begun=lambda exporter: self.reporter.begin(told(exporter)),
            )  # fmt: skip

    def _sources(self) -> Sources:
        from edgebench.pipeline.variants import Sources

        def place(model: str, variant: str) -> Path:
            return self.store.folder / "models" / artifacts.safe(model) / artifacts.safe(variant)

        return Sources(self.plan, place, self.store.outcomes, self.store.record, self.reporter)
