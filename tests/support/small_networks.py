"""Networks that train in seconds, with the parts that training treats in a special way."""

from __future__ import annotations

from pathlib import Path

import pytest
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.protocols import Architecture
from edgebench.core.recipe import Recipe
from edgebench.core.serialization import to_dict
from edgebench.models import store
from edgebench.models.image import ImageArchitecture
from edgebench.models.layers import Standardise
from edgebench.models.signal import SignalArchitecture
from edgebench.models.transformer import PatchClassifier


class SmallNet(nn.Module):
    """Two convolutions with normalisation, dropout, and a linear layer; one kernel is large enough for Muon."""

    def __init__(self, leads: int, classes: int) -> None:
        super().__init__()
        self.standardise = Standardise(leads)
        self.features = nn.Sequential(
            nn.Conv1d(leads, 16, 15, stride=8), nn.BatchNorm1d(16), nn.ReLU(),
            nn.Conv1d(16, 32, 5, stride=4, padding=2), nn.BatchNorm1d(32), nn.ReLU(),
        )  # fmt: skip
        self.dropout, self.head = nn.Dropout(0.2), nn.Linear(32, classes)

    def forward(self, signals: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(self.features(self.standardise(signals)).mean(-1)))
        return logits


SIGNAL = SignalArchitecture(
    "small-signal",
    Recipe(epochs=2, batch_size=128, learning_rate=4e-3, weight_decay=0.03, crop=800, mixup=0.3, channel_dropout=0.04,
           amplitude=1.25),
    SmallNet,
    features="features",
)  # fmt: skip


def _patches(classes: int) -> nn.Module:
    return VisionTransformer(
        img_size=(64, 64), patch_size=16, in_chans=1, num_classes=classes, embed_dim=32, depth=1, num_heads=2,
        class_token=False, global_pool="avg",
    )  # fmt: skip


PATCHES = ImageArchitecture(
    "small-patches", Recipe.published(learning_rate=1e-3), _patches, 64, 64, 1, classifier=PatchClassifier,
    features="backbone.norm",
)  # fmt: skip


def with_classes_turned(model: str, folder: Path) -> str:
    """The same small network with its classes in the opposite order; gives its manifest."""
    found = store.find(model)
    network, manifest = store.network(found), found.manifest
    for values in network.get_submodule("head").parameters():
        values.data = values.data.flip(0)
    turned = {"classes": manifest.classes[::-1], "thresholds": manifest.thresholds[::-1], "name": "turned"}
    folder.mkdir(parents=True, exist_ok=True)
    return str(store.save(network, folder, {**to_dict(manifest), **turned}))


def register(patch: pytest.MonkeyPatch) -> None:
    """Make the registry of this process find both, beside its own architectures."""
    known: dict[str, Architecture] = {SIGNAL.name: SIGNAL, PATCHES.name: PATCHES}
    find = registry.architecture
    patch.setattr(registry, "architecture", lambda name: known[name] if name in known else find(name))
