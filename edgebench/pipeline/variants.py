"""The models that a plan's artifacts are built from: trained ones, and compressed ones, made as they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgebench.artifacts import artifacts
from edgebench.core.contracts import Outcome
from edgebench.core.options import CHAIN
from edgebench.core.progress import ProgressReporter
from edgebench.pipeline.plan import Plan


@dataclass(frozen=True)
class Sources:
    """Compresses each model once, and begins a chain with what the plan has of its beginning."""

    plan: Plan
    place: Callable[[str, str], Path]
    """Folder of a compressed model, by the model's and the variant's name."""
    known: Mapping[str, Outcome]
    """What was made already, by `key`."""
    record: Callable[[str, Outcome], object]
    """Keeps an outcome, so that `known` has it."""
    reporter: ProgressReporter

    def find(self, model: str, variant: str) -> tuple[Outcome, str]:
        """How making the model went, and its name or manifest where that went well."""
        if variant == "none":
            return Outcome("ok"), model
        begun = next((v for v in self._beginnings(variant) if self.find(model, v)[0].status == "ok"), "")
        key = f"compress~{artifacts.safe(model)}~{artifacts.safe(variant)}"
        if key not in self.known:
            self.reporter.note(f"{artifacts.safe(model)}: {variant}" + (f", from its {begun}" if begun else ""))
            outcome = artifacts.compressed(
                model, variant, self.place(model, variant), self._manifest(model, begun) if begun else "",
                self.plan.source(), self.plan.finetuning, self.plan.measuring.timeout_s, self.reporter.detail,
            )  # fmt: skip
            self.record(key, outcome)
        outcome = self.known[key]
        return outcome, self._manifest(model, variant) if outcome.status == "ok" else ""

    def _beginnings(self, variant: str) -> list[str]:
        """The plan's variants that a chain goes on from, the longest first."""
        parts = variant.split(CHAIN)
        chains = (CHAIN.join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
        return [chain for chain in chains if chain in self.plan.variants]

    def _manifest(self, model: str, variant: str) -> str:
        outcome = self.known[f"compress~{artifacts.safe(model)}~{artifacts.safe(variant)}"]
        return str(self.place(model, variant) / outcome.values["manifest"])
