"""Structured pruning: the network is smaller, works, and can be built again from its manifest."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from compress_tasks import task
from torch import nn

from edgebench.core import registry
from edgebench.core.errors import PlanError, Unsupported
from edgebench.core.protocols import Architecture
from edgebench.core.recipe import Recipe
from edgebench.models import flops, structure
from edgebench.models.image import ImageArchitecture
from edgebench.models.presets import distilled_by_timm
from edgebench.models.transformer import PatchClassifier


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.manual_seed(0)


def pruned(spec: str, of: nn.Module) -> Any:
    return registry.variant(spec).apply(of, spec, task())


def convolutions() -> nn.Module:
    return nn.Sequential(nn.Conv1d(12, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 5))


TRANSFORMER = ImageArchitecture(
    "shallow-deit",
    Recipe.published(learning_rate=1e-4),
    distilled_by_timm("deit_tiny_distilled_patch16_224", depth=2),
    classifier=PatchClassifier,
)
"""DeiT-Tiny with two of its twelve blocks, since pruning takes long."""


@pytest.mark.parametrize(
    "architecture",
    [registry.architecture("resnet1d"), registry.architecture("mobilenetv3-small"), TRANSFORMER],
    ids=lambda architecture: architecture.name,
)
def test_half_of_the_work_is_gone(architecture: Architecture) -> None:
    dense = architecture.build(5).eval()
    small = pruned("structured-0.5", dense)
    left = flops.macs(small, (12, 1000)) / flops.macs(dense, (12, 1000))
    assert 0.42 < left <= 0.5
    assert sum(p.numel() for p in small.parameters()) < 0.6 * sum(p.numel() for p in dense.parameters())
    assert all((p != 0).any() for p in small.parameters() if p.ndim > 1)
    # The manifest's numbers and the weights give the same network.
    numbers = structure.changes(small, dense)
    again = architecture.build(5).eval()
    structure.apply(again, numbers, small.state_dict())
    again.load_state_dict(small.state_dict())
    signals = torch.randn(2, 12, 1000)
    with torch.inference_mode():
        assert torch.equal(again(signals), small(signals))
        assert small(signals).shape == (2, 5)


@pytest.mark.parametrize("words", ["l1", "bn", "taylor", "global", "bn-global"])
def test_every_importance(words: str) -> None:
    dense = registry.architecture("resnet1d").build(5).eval()
    for module in dense.modules():
        if isinstance(module, nn.BatchNorm1d):  # new ones are all alike
            nn.init.uniform_(module.weight, 0.5, 1.5)
    small = pruned(f"structured-0.3-{words}", dense)
    assert flops.macs(small, (12, 1000)) <= 0.7 * flops.macs(dense, (12, 1000))
    assert all(p.grad is None for p in small.parameters())


def test_the_least_important_channels_go() -> None:
    """Half of the channels of the first layer contribute next to nothing; those are removed."""
    torch.manual_seed(0)
    dense = convolutions()
    weak = [1, 2, 4, 7]
    first, last = dense.get_parameter("0.weight"), dense.get_parameter("4.weight")
    first.data[weak] *= 1e-3
    last.data[:, weak] *= 1e-3
    small = pruned("structured-0.5", dense)
    kept = [c for c in range(8) if c not in weak]
    assert torch.equal(small.get_parameter("0.weight"), first[kept])
    assert torch.equal(small.get_parameter("4.weight"), last[:, kept])


def test_layers_keep_multiples_of_eight() -> None:
    """Kernels compute in blocks of channels; a network too narrow for that keeps smaller multiples."""
    small = pruned("structured-0.5", registry.architecture("resnet1d").build(5).eval())
    widths = [m.out_channels for m in small.modules() if isinstance(m, nn.Conv1d)]
    assert all(w % 8 == 0 for w in widths)
    (narrow,) = (m for m in pruned("structured-0.5", convolutions()).modules() if isinstance(m, nn.Conv1d))
    assert narrow.out_channels % 8


@pytest.mark.parametrize(("amount", "heads"), [(0.1, 3), (0.4, 2)])
def test_whole_heads_go_in_step_with_the_rest(amount: float, heads: int) -> None:
    dense: Any = TRANSFORMER.build(5).eval()
    for block in pruned(f"structured-{amount}-heads", dense).backbone.blocks:
        assert block.attn.num_heads == heads
        assert block.attn.head_dim == 64


def test_too_large_an_amount_is_refused_before_anything_starts() -> None:
    registry.variant("structured-0.99").check("structured-0.99")
    with pytest.raises(PlanError, match=r"structured-0\.995.*0\.99"):
        registry.variant("structured-0.995").check("structured-0.995")


def test_networks_that_cannot_be_pruned() -> None:
    with pytest.raises(Unsupported, match="bn"):
        pruned("structured-0.5-bn", nn.Sequential(nn.Conv1d(12, 8, 3), nn.Flatten(), nn.Linear(8 * 998, 5)))
    with pytest.raises(Unsupported, match=r"structured-0\.999.*\d+%"):
        pruned("structured-0.999", convolutions())
    with pytest.raises(PlanError, match=r"structured-0\.5-heads-global"):
        registry.variant("structured-0.5-heads-global").check("structured-0.5-heads-global")


class Sequence(nn.Module):
    """A convolution, a layer over its places, and a linear layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.stem, self.layer, self.head = nn.Conv1d(12, 32, 9, stride=50), layer, nn.Linear(32, 5)

    def forward(self, x: torch.Tensor) -> Any:
        found = self.layer(self.stem(x).transpose(1, 2))
        return self.head((found[0] if isinstance(found, tuple) else found).mean(1))


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> Any:
        return x + self.attention(x, x, x)[0]


class FixedShape(nn.Module):
    """Takes 32 channels and no other number."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> Any:
        return self.linear(x).reshape(len(x), -1, 4, 8).flatten(2)


@pytest.mark.parametrize(
    "layer",
    [lambda: nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), SelfAttention],
    ids=["encoder", "attention"],
)
def test_attention_of_torch_keeps_its_heads(layer: Any) -> None:
    torch.manual_seed(0)
    dense = Sequence(layer()).eval()
    small = pruned("structured-0.5", dense)
    (attention,) = (m for m in small.modules() if isinstance(m, nn.MultiheadAttention))
    assert attention.num_heads == 4 and attention.embed_dim % 4 == 0 and attention.embed_dim < 32
    assert flops.macs(small, (12, 1000)) <= 0.5 * flops.macs(dense, (12, 1000))
    again = Sequence(layer()).eval()
    structure.apply(again, structure.changes(small, dense), small.state_dict())
    again.load_state_dict(small.state_dict())
    signals = torch.randn(2, 12, 1000)
    with torch.inference_mode():
        assert torch.equal(again(signals), small(signals))


def test_recurrent_layers_keep_their_gates() -> None:
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 8), nn.LSTM(8, 32, batch_first=True))
    small = pruned("structured-0.1", Sequence(layer).eval())
    assert small.layer[3].hidden_size == 32 and small(torch.zeros(2, 12, 1000)).shape == (2, 5)


@pytest.mark.parametrize(("layer", "named"), [(nn.GRU(32, 32, batch_first=True), "layer"), (FixedShape(), "channels")])
def test_what_cannot_be_followed_is_unsupported(layer: nn.Module, named: str) -> None:
    with pytest.raises(Unsupported, match=rf"structured-0\.5.*{named}"):
        pruned("structured-0.5", Sequence(layer).eval())


def test_a_network_that_cannot_be_counted_is_unsupported() -> None:
    class Spectrum(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return torch.fft.rfft(x).abs()

    with pytest.raises(Unsupported, match="fft"):
        pruned("structured-0.5", nn.Sequential(Spectrum(), convolutions()).eval())
