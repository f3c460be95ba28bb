"""Parameters and MACs are counted correctly, and each model has its facts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.errors import MissingPackage, ModelError
from edgebench.core.progress import ProgressReporter
from edgebench.core.recipe import Recipe
from edgebench.models import resnet1d, store
from edgebench.models.catalog import ModelFacts, count, model_facts
from edgebench.models.signal import SignalArchitecture


class Tiny(nn.Module):
    """A convolution of 12 to 4 leads with kernel 5 and stride 2, the mean over time, and a linear layer."""

    def __init__(self, leads: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(leads, 4, 5, stride=2, padding=2, bias=False)
        self.linear = nn.Linear(4, classes)

    def forward(self, signals: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.conv(signals).relu().mean(2))
        return logits


class Peeking(Tiny):
    """Reads a value; the meta device has none."""

    def forward(self, signals: Tensor) -> Tensor:
        return super().forward(signals) * (1 if signals.sum().item() == 0 else 2)


PARAMETERS = 12 * 4 * 5 + 4 * 3 + 3
MACS = 500 * 12 * 4 * 5 + 4 * 3
"""500 places in time of the strided convolution, and the linear layer without its additions."""


def tiny(make: Callable[[int, int], nn.Module]) -> SignalArchitecture:
    return SignalArchitecture("tiny", Recipe(epochs=1, batch_size=2, learning_rate=0.1), make)


def test_counts_are_those_by_hand() -> None:
    assert count(tiny(Tiny), 3) == (PARAMETERS, MACS) == (255, 120_012)


def test_what_depends_on_a_record_has_parameters_and_no_macs() -> None:
    assert count(tiny(Peeking), 3) == (PARAMETERS, None)


def test_values_take_no_memory() -> None:
    """A network of 48 TB can only be built on the meta device."""

    def make(leads: int, classes: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(leads * 1000, 10**9), nn.Linear(10**9, classes))

    assert count(tiny(make), 5) == ((12_000 + 1 + 5) * 10**9 + 5, (12_000 + 5) * 10**9)


def test_a_transformer_by_hand() -> None:
    """Attention's two products of each pair of patches are in it, and so is the step from the signal to the image."""
    patches, width, rows, columns_ = 22 * 32, 256, 182, 256
    block = patches * 12 * width**2 + 2 * patches**2 * width
    image = rows * 12 * columns_
    assert count(registry.architecture("vit"), 5)[1] == image + patches * 64 * width + 6 * block + width * 5


def test_counts_of_resnet1d_are_those_of_its_docstring() -> None:
    parameters, macs = count(registry.architecture("resnet1d"), 5)
    assert parameters == 1_367_781
    text = " ".join((resnet1d.__doc__ or "").split())
    assert macs and f"{parameters / 1e6:.2f} M" in text and f"{macs / 1e6:.0f} M" in text


class RecordedProgress(ProgressReporter):
    def __init__(self) -> None:
        self.total = 0
        self.steps: list[str] = []

    def stage(self, name: str, total: int) -> None:
        self.total = total

    def step(self, text: str = "") -> None:
        self.steps.append(text)


def test_facts_of_every_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "names", lambda kind: ["xresnet1d101", "resnet1d"])
    monkeypatch.setattr(store, "shipped", lambda: ["resnet1d"])
    progress = RecordedProgress()
    untrained, trained = model_facts(progress)
    assert (progress.total, progress.steps) == (2, ["xresnet1d101", "resnet1d"])
    assert untrained == ModelFacts("xresnet1d101", untrained.parameters, untrained.macs, axes=("lead", "sample"))
    assert untrained.parameters and untrained.macs
    model = store.find("resnet1d")
    assert trained.shipped and trained.size_bytes == model.weights.stat().st_size
    assert (trained.parameters, trained.problem) == (model.manifest.parameters, "")
    scores = model.manifest.scores["fold10"]
    assert {metric.name: value for metric, value in trained.scores} == scores.metrics
    assert trained.task == "multilabel" and not untrained.task


def test_a_model_that_cannot_be_counted_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise MissingPackage("timm", "all", f"the model '{name}'")

    monkeypatch.setattr(registry, "architecture", missing)
    (found,) = (m for m in model_facts() if m.name == "resnet1d")
    assert found.parameters is found.macs is None
    assert found.shipped and found.scores and found.size_bytes
    assert found.problem == str(MissingPackage("timm", "all", "the model 'resnet1d'"))


def test_damaged_weights_do_not_end_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(name: str) -> None:
        raise ModelError(f"{name}: it is damaged")

    monkeypatch.setattr(registry, "names", lambda kind: ["resnet1d"])
    monkeypatch.setattr(store, "shipped", lambda: ["resnet1d"])
    monkeypatch.setattr(store, "find", damaged)
    assert model_facts() == [ModelFacts("resnet1d", problem="resnet1d: it is damaged")]
