"""The facts of each model: its size, the operations of one record, its scores, and whether its weights are shipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgebench.core import registry
from edgebench.core.errors import EdgeBenchError, Uncounted
from edgebench.core.metrics import Metric
from edgebench.core.progress import ProgressReporter
from edgebench.data.signals import SUPERCLASSES
from edgebench.models import building, flops, shipped_weights, store

if TYPE_CHECKING:
    from edgebench.core.inputs import InputSpec
    from edgebench.core.protocols import Architecture


SHOWN = 2
"""Metrics of a model in tables; its manifest has all."""


@dataclass(frozen=True)
class ModelFacts:
    """One row of `edgebench list models`; an unknown value is None."""

    name: str
    parameters: int | None = None
    macs: int | None = None
    """Multiply-adds of one record."""
    size_bytes: int | None = None
    """Of the shipped weights; None where they are not installed."""
    task: str = ""
    """Of the shipped weights; empty where there are none."""
    scores: tuple[tuple[Metric, float], ...] = ()
    """The task's first metrics on the test records."""
    shipped: bool = False
    axes: tuple[str, ...] = ()
    """Of the records that its parameters and MACs are counted for; empty where unknown."""
    dataset: str = ""
    """The records that the shipped weights were trained and scored on; says so where they are synthetic."""
    problem: str = ""
    """Why the model could not be counted or its weights could not be read."""


def model_facts(reporter: ProgressReporter | None = None) -> list[ModelFacts]:
    """The facts of every registered architecture and every shipped model; does not load their weights."""
    reporter = reporter or ProgressReporter()
    names = list(dict.fromkeys([*registry.names("models"), *store.shipped()]))
    reporter.stage("count operations", len(names))
    facts = []
    for name in names:
        facts.append(_facts(name))
        reporter.step(name)
    return facts


def test_scores(manifest: store.ModelManifest) -> tuple[str, tuple[tuple[Metric, float], ...]]:
    """The name of the split that a model was tested on, the last one, and the task's first metrics there."""
    if not manifest.scores:
        return "", ()
    split, scores = list(manifest.scores.items())[-1]
    metrics = registry.task(manifest.task).metrics(len(manifest.classes), manifest.unit)[:SHOWN]
    return split, tuple((one, scores.metrics[one.name]) for one in metrics if one.name in scores.metrics)


def count(architecture: Architecture, classes: int, spec: InputSpec | None = None) -> tuple[int, int | None]:
    """Parameters of an architecture's network, and its multiply-adds (MACs) for one record; None where unknown.

    `spec` is the input, by default the architecture's own.
    """
    taken = spec or architecture.input
    try:
        # On the meta device tensors have a shape and no values, so a large network takes neither time nor memory.
        return _count(architecture, classes, taken, "meta")
    except (RuntimeError, Uncounted):  # a network that reads values while it is built, or in its forward pass
        return _count(architecture, classes, taken, "cpu")


def _count(architecture: Architecture, classes: int, spec: InputSpec, device: str) -> tuple[int, int | None]:
    import torch

    with torch.device(device):
        network = building.build(architecture, classes, spec).eval()
        parameters = sum(p.numel() for p in network.parameters())
        try:
            return parameters, flops.macs(network, spec.shape)
        except Uncounted:
            if device == "meta":
                raise
            return parameters, None


def _facts(name: str) -> ModelFacts:
    known: dict[str, Any] = {}
    architecture, classes, problem = name, len(SUPERCLASSES), ""
    spec: InputSpec | None = None
    try:
        if name in store.shipped():
            manifest = store.described(name)
            here = shipped_weights.find(manifest.weights)
            architecture, classes, spec = manifest.architecture, len(manifest.classes), manifest.input
            known = {
                "shipped": True,
                "dataset": manifest.trained_on,
                "size_bytes": store.find(name).weights.stat().st_size if here else None,
                "task": manifest.task,
                "scores": test_scores(manifest)[1],
            }
        found = registry.architecture(architecture)
        known["axes"] = (spec or found.input).axes
        known["parameters"], known["macs"] = count(found, classes, spec)
    except EdgeBenchError as error:
        problem = str(error)
    return ModelFacts(name, problem=problem, **known)
