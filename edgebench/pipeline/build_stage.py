"""The artifacts of a run: each one built and checked, or, where the plan names artifacts, read."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgebench.artifacts import manifests
from edgebench.artifacts.build import Build
from edgebench.core.cells import Cell
from edgebench.core.contracts import REFERENCE, Artifact, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import PlanError
from edgebench.core.files import safe, safe_name, write_text
from edgebench.core.job_keys import JobKey
from edgebench.core.progress import EXPORT, ProgressReporter
from edgebench.core.serialization import to_json
from edgebench.isolation.process import waiting
from edgebench.pipeline import records
from edgebench.pipeline.machines import HERE, Machines
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import ArtifactKey, Built
from edgebench.pipeline.run_store import RunStore
from edgebench.pipeline.variants import Variants


def read_all(plan: Plan, test: RecordSet, validation: RecordSet | None, folder: Path) -> dict[ArtifactKey, Built]:
    """The artifacts that the plan names, as they are for the test records.

    The records of imported files are kept in `folder`, with thresholds that are chosen on `validation`.
    Raises PlanError where two have one name, ArtifactError.
    """
    found: dict[ArtifactKey, Built] = {}
    for path in plan.measure.artifacts:
        stored = manifests.read(path, plan.build.tune_thresholds, records.wanted(test))
        artifact = stored.artifact
        key = (artifact.model, artifact.variant, artifact.exporter)
        kept = kept_record(folder, artifact)
        if validation and artifact.feed:
            from edgebench.pipeline import own_models  # the build side's

            stored = own_models.with_thresholds(stored, validation, kept, plan.measure.measuring.timeout_s)
        if artifact.feed and not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_text(kept, to_json(stored.artifact, indent=2) + "\n")
        if key in found:
            raise PlanError(f"{path}: a second artifact of {' '.join(key)}; measure them in runs of their own")
        found[key] = Built(Outcome("ok", result=stored.artifact), stored.path)
    return found


def kept_record(folder: Path, artifact: Artifact) -> Path:
    """The path of the record of an imported file."""
    return folder / "artifacts" / artifact.model / artifact.exporter / manifests.MANIFEST


@dataclass
class BuildStage:
    """Builds the artifacts of a plan and the reference of each model; existing files are verified and kept."""

    plan: Plan
    store: RunStore
    calibration: RecordSet | None
    test: RecordSet
    reporter: ProgressReporter
    variants: Variants
    unmade: Mapping[str, Outcome[Any]] = field(default_factory=dict)
    """Why other models could not be made."""
    built: dict[ArtifactKey, Built] = field(default_factory=dict)
    machines: Machines = HERE
    _compressing: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> dict[ArtifactKey, Built]:
        """Every artifact, or the reason why there is none."""
        asked = self.plan.build
        pairs = {(model, variant): asked.exporters for model in self.variants.sources for variant in asked.variants}
        for model in self.variants.sources:
            others = pairs.get((model, "none"), ())
            pairs[model, "none"] = others if REFERENCE in others else (*others, REFERENCE)
        self.reporter.stage(EXPORT, sum(map(len, pairs.values())))
        if (count := min(self.machines.builders(), len(pairs))) > 1:
            with waiting(count) as pool:
                for made in as_completed([pool.submit(self._pair, *pair, chosen) for pair, chosen in pairs.items()]):
                    made.result()
        else:
            for pair, chosen in pairs.items():
                self._pair(*pair, chosen)
        # In the order of the plan, whichever was done first.
        keys = [(*pair, exporter) for pair, chosen in pairs.items() for exporter in chosen]
        self.built = {key: self.built[key] for key in keys if key in self.built}
        for model, outcome in self.unmade.items():
            names = [(variant, exporter) for variant in asked.variants for exporter in asked.exporters]
            self.built |= {(model, *name): Built(outcome) for name in names}
        return self.built

    def _pair(self, model: str, variant: str, exporters: tuple[str, ...]) -> None:
        folder = self.store.folder / "artifacts" / model / safe(variant)

        def label(exporter: str) -> str:
            return f"{model} {exporter if variant == 'none' else f'{exporter} · {variant}'}: export and check"

        predicted: dict[str, Outcome[Any]] = {}

        def prediction(artifact: Artifact) -> JobKey | None:
            """The key of the predictions that the check makes; None where it makes none that a cell takes."""
            if not self.plan.measure.measuring.quick or artifact.untrained:
                return None
            of_engine = artifact.format == "torchscript" and artifact.precision != "fp32"
            if of_engine and not artifact.engine:  # the target decides
                return None
            cell = Cell(model, variant, artifact.exporter, "")
            return JobKey.of_prediction(cell, "cpu", artifact.engine if of_engine else "")

        def place(artifact: Artifact) -> Path | None:
            key = prediction(artifact)
            return self.store.output(key) if key else None

        def keep(exporter: str, outcome: Outcome[Artifact]) -> None:
            key = JobKey("build", model, variant, exporter)
            if key not in self.store.outcomes:
                self.store.record(key, outcome)
                if exporter in predicted and (of := prediction(outcome.value)):
                    self.store.record(of, predicted[exporter])
                self.reporter.built(f"{model} {exporter}", outcome)
            path = folder / safe_name(exporter) / outcome.value.file if outcome.status == "ok" else None
            self.built[model, variant, exporter] = Built(outcome, path)
            self.reporter.step(label(exporter))

        with self._compressing:
            outcome, source = self.variants.find(model, variant)
        left = []
        for exporter in exporters:
            known = self.store.outcomes.get(JobKey("build", model, variant, exporter))
            if outcome.status != "ok":
                keep(exporter, outcome.failure())
            elif known is None:
                left.append(exporter)
            else:
                keep(exporter, known)
                made = self.built[model, variant, exporter]
                if made.artifact and made.path:
                    manifests.verify(made.artifact, made.path)
        if left:
            timeout_s = self.plan.measure.measuring.timeout_s
            asked = Build(
                source, variant, tuple(left), folder, self.calibration, self.test, timeout_s, place=place,
                max_seconds=self.plan.measure.measuring.seconds("predict"),
                predicted=lambda artifact, outcome: predicted.__setitem__(artifact.exporter, outcome),
            )  # fmt: skip
            self.machines.build(asked, keep, lambda exporter: self.reporter.begin(label(exporter)))
