"""What is known of each model: its size, what one record costs, how well it does, and whether its weights are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgebench.core import registry
from edgebench.core.errors import EdgeBenchError
from edgebench.core.progress import ProgressReporter
from edgebench.data.signals import SUPERCLASSES
from edgebench.models import shipped_weights, store

if TYPE_CHECKING:
    from edgebench.core.protocols import Architecture


@dataclass(frozen=True)
class ModelFacts:
    """One row of `edgebench list models`; what is not known is None."""

    name: str
    parameters: int | None = None
    macs: int | None = None
    """Multiply-adds of one record."""
    size_bytes: int | None = None
    """Of the shipped weights; None where they are not installed."""
    macro_f1: float | None = None
    """On PTB-XL's fold 10, as is macro_auc."""
    macro_auc: float | None = None
    shipped: bool = False
    problem: str = ""
    """Why the model could not be counted or its weights not be read."""


def model_facts(listener: ProgressReporter | None = None) -> list[ModelFacts]:
    """The facts of every registered architecture and of every shipped model; the weights are not loaded."""
    told = listener or ProgressReporter()
    every = list(dict.fromkeys([*registry.names("models"), *store.shipped()]))
    told.stage("count operations", len(every))
    found = []
    for name in every:
        found.append(_facts(name))
        told.step(name)
    return found


def count(architecture: Architecture, classes: int) -> tuple[int, int]:
    """Parameters, and multiply-adds (MACs) of one record.

    MACs are half of what torch's FlopCounterMode counts: convolutions and matrix products, attention's among them.
    Additions, normalisation, activations and pooling are left out, as is usual.
    """
    try:
        # On the meta device tensors have a shape and no values, so that a large network costs neither time nor memory.
        return _count(architecture, classes, "meta")
    except RuntimeError:  # a network that looks at values while it is built, or in its forward pass
        return _count(architecture, classes, "cpu")


def _count(architecture: Architecture, classes: int, place: str) -> tuple[int, int]:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device(place), torch.inference_mode():
        network = architecture.build(classes).eval()
        record = torch.zeros(1, *architecture.input.shape)
        with FlopCounterMode(display=False) as counter:
            network(record)
    return sum(p.numel() for p in network.parameters()), counter.get_total_flops() // 2


def _facts(name: str) -> ModelFacts:
    known: dict[str, int | float | bool | None] = {}
    architecture, classes, problem = name, len(SUPERCLASSES), ""
    try:
        if name in store.shipped():
            manifest = store.described(name)
            here = shipped_weights.find(manifest.weights)
            architecture, classes = manifest.architecture, len(manifest.classes)
            scores = manifest.scores.get("fold10")
            known = {
                "shipped": True,
                "size_bytes": store.find(name).weights.stat().st_size if here else None,
                "macro_f1": scores.macro_f1 if scores else None,
                "macro_auc": scores.macro_auc if scores else None,
            }
        known["parameters"], known["macs"] = count(registry.architecture(architecture), classes)
    except EdgeBenchError as error:
        problem = str(error)
    return ModelFacts(name, problem=problem, **known)  # type: ignore[arg-type]
