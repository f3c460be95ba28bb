"""The models that artifacts are built from: trained ones, and compressed ones, which are made on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.compress.request import CompressRequest, compress
from edgebench.core import registry
from edgebench.core.contracts import Outcome
from edgebench.core.files import safe
from edgebench.core.job_keys import JobKey
from edgebench.core.options import CHAIN
from edgebench.core.progress import ProgressReporter
from edgebench.pipeline.plan import Plan


@dataclass(frozen=True)
class Variants:
    """Compresses each model once, and starts a chain from the plan's longest variant that begins it."""

    plan: Plan
    sources: Mapping[str, str]
    """Each model by its name: the name of a shipped model, or the path of a manifest."""
    folder: Callable[[str, str], Path]
    """Folder of a compressed model, by the model's and the variant's name."""
    known: Mapping[JobKey, Outcome[Any]]
    """Outcomes of earlier compressions."""
    record: Callable[[JobKey, Outcome[Any]], object]
    """Stores an outcome in `known`."""
    reporter: ProgressReporter

    def find(self, model: str, variant: str) -> tuple[Outcome[Any], str]:
        """The outcome of making the model, and its name or manifest if that succeeded."""
        if variant == "none":
            return Outcome("ok"), self.sources[model]
        start = next((v for v in self._beginnings(variant) if self.find(model, v)[0].status == "ok"), "")
        key = JobKey("compress", model, variant)
        if key not in self.known:
            self.reporter.note(f"{model}: {variant}" + (f", from its {start}" if start else ""))
            if cost := self._cost(variant):
                self.reporter.note(cost)
            self.record(key, self._compressed(model, variant, start))
        outcome = self.known[key]
        return outcome, self._manifest(model, variant) if outcome.status == "ok" else ""

    def _cost(self, variant: str) -> str:
        """What a compression costs that nothing is trained after, and how to train; empty where that is no matter."""
        parts = variant.split(CHAIN)
        if self.plan.build.finetuning.epochs or "qat" in parts:
            return ""
        costs = (getattr(registry.variant(part), "untrained_cost", "") for part in parts)
        cost = next(filter(None, costs), "")
        return f"{variant} {cost}; to train it on the training records afterwards: --finetune-epochs 3" if cost else ""

    def _compressed(self, model: str, variant: str, start: str) -> Outcome[Any]:
        measure, build = self.plan.measure, self.plan.build
        request = CompressRequest(
            self.sources[model], variant, str(self.folder(model, variant)),
            self._manifest(model, start) if start else "", measure.dataset, str(measure.data_dir or ""),
            build.calibration_records, measure.skip_bad_records, measure.seed, build.finetuning,
            dict(measure.options), measure.task,
        )  # fmt: skip
        return compress(request, measure.measuring.timeout_s, self.reporter.detail)

    def _beginnings(self, variant: str) -> list[str]:
        """The plan's variants that a chain continues, the longest first."""
        parts = variant.split(CHAIN)
        chains = (CHAIN.join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
        return [chain for chain in chains if chain in self.plan.build.variants]

    def _manifest(self, model: str, variant: str) -> str:
        made = self.known[JobKey("compress", model, variant)].value
        return str(self.folder(model, variant) / made.manifest)


def folder_in(home: Path, *below: str) -> Callable[[str, str], Path]:
    """The folders of compressed models: `home`/MODEL/VARIANT, and `below` that."""
    return lambda model, variant: home.joinpath(safe(model), safe(variant), *below)
