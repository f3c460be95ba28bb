"""Training a vision transformer on part of its patches, and its initialisation."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.models.image import Window
from edgebench.models.transformer import PatchClassifier

NAMES = ["vit", "deit-tiny"]
PREFIX = {"vit": 0, "deit-tiny": 2}
GRID = {"vit": (22, 32), "deit-tiny": (14, 14)}


@functools.cache
def made(name: str) -> PatchClassifier:
    torch.manual_seed(1)
    architecture = registry.architecture(name)
    network = architecture.build(5)
    assert isinstance(network, PatchClassifier)
    architecture.initialise(network)
    return network


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def network(name: str) -> PatchClassifier:
    return made(name).eval()


def signals(batch: int = 2) -> Tensor:
    return torch.randn(batch, 12, 1000, generator=torch.Generator().manual_seed(0))


def tokens_seen(network: PatchClassifier, *window: Any) -> int:
    """The number of tokens that the first block gets."""
    seen: list[int] = []
    hook = network.backbone.blocks[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape[1]))
    with torch.inference_mode():
        network.forward_window(signals(), Window(*window))
    hook.remove()
    return seen[0]


def logits(network: PatchClassifier, of: Tensor, *window: Any) -> Tensor:
    with torch.inference_mode():
        found = network.forward_window(of, Window(*window))
    assert isinstance(found, Tensor)
    return found


def test_the_window_of_everything_is_the_whole(network: PatchClassifier) -> None:
    with torch.inference_mode():
        expected = network(signals())
    torch.testing.assert_close(logits(network, signals(), 0, 1000, 1.0, 1.0), expected, rtol=0, atol=1e-5)
    # Positions belong to the full size, so a transformer does not shrink its image.
    torch.testing.assert_close(logits(network, signals(), 0, 1000, 0.57, 1.0), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("keep", [0.5, 0.25, 0.0001])
def test_a_share_of_the_patches(network: PatchClassifier, name: str, keep: float) -> None:
    rows, columns = GRID[name]
    assert tokens_seen(network, 0, 1000, 1.0, keep) == max(1, round(keep * rows * columns)) + PREFIX[name]


def test_a_share_of_the_rows(network: PatchClassifier, name: str) -> None:
    rows, columns = GRID[name]
    assert tokens_seen(network, 0, 1000, 1.0, 1.0, 0.5) == rows // 2 * columns + PREFIX[name]
    assert tokens_seen(network, 0, 250, 1.0, 0.5, 0.5) == round(rows // 2 * round(columns / 4) / 2) + PREFIX[name]


def test_rows_are_seen_whole(network: PatchClassifier, name: str) -> None:
    """With a position of its own for each row, the tokens that are seen are whole rows."""
    rows, columns = GRID[name]
    seen: list[Tensor] = []
    hook = network.backbone.blocks[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    kept = network.backbone.pos_embed.detach().clone()
    with torch.inference_mode():
        network.backbone.pos_embed[:, PREFIX[name] :] = 1000.0 * torch.arange(rows).repeat_interleave(columns)[:, None]
        network.forward_window(torch.zeros(1, 12, 1000), Window(0, 1000, row_keep=0.5))
        network.backbone.pos_embed.copy_(kept)
    hook.remove()
    found = Counter((seen[0][0, PREFIX[name] :, 0] / 1000).round().int().tolist())
    assert len(found) == rows // 2
    assert set(found.values()) == {columns}


def test_the_share_is_random(network: PatchClassifier) -> None:
    window = (0, 1000, 1.0, 0.5)
    assert not torch.allclose(logits(network, signals(), *window), logits(network, signals(), *window), atol=1e-5)


@pytest.mark.parametrize("start", [0, 250, 500, 750])
def test_a_quarter_of_the_record_is_a_quarter_of_the_columns(network: PatchClassifier, name: str, start: int) -> None:
    rows, columns = GRID[name]
    assert tokens_seen(network, start, 250, 1.0, 1.0) == rows * round(columns / 4) + PREFIX[name]


def test_only_the_window_counts(network: PatchClassifier) -> None:
    """The columns from 500 on are seen, whole patches; what is far outside changes nothing."""
    window = (500, 250, 1.0, 1.0)
    inside, outside = signals(), signals()
    inside[..., 600:650] += 1
    outside[..., :480] += 1
    outside[..., 820:] += 1
    expected = logits(network, signals(), *window)
    assert torch.equal(logits(network, outside, *window), expected)
    assert not torch.allclose(logits(network, inside, *window), expected, atol=1e-5)


def test_patches_keep_the_positions_of_their_places(network: PatchClassifier) -> None:
    """A constant signal gives the same patches everywhere: what differs between windows is the position."""
    same = torch.ones(1, 12, 1000)
    left, right = (logits(network, same, start, 250, 1.0, 1.0) for start in (0, 500))
    assert not torch.allclose(left, right, atol=1e-5)
    positions = network.backbone.pos_embed
    kept = positions.detach().clone()
    with torch.no_grad():
        positions.fill_(0.1)
        left, right = (logits(network, same, start, 250, 1.0, 1.0) for start in (0, 500))
        positions.copy_(kept)
    torch.testing.assert_close(left, right, rtol=0, atol=1e-5)


def test_two_heads_in_training_and_their_mean_otherwise() -> None:
    network = made("deit-tiny")
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        return lambda module, inputs, output: outputs.update({name: output})

    hooks = [getattr(network.backbone, name).register_forward_hook(keep(name)) for name in ("head", "head_dist")]
    for run in (network, lambda x: network.forward_window(x, Window(0, 1000))):
        network.train()
        both = run(signals())
        assert isinstance(both, tuple)
        assert torch.equal(both[0], outputs["head"]) and torch.equal(both[1], outputs["head_dist"])
        assert not torch.allclose(both[0], both[1], atol=1e-5)
        network.eval()
        torch.testing.assert_close(run(signals()), (outputs["head"] + outputs["head_dist"]) / 2)
    for hook in hooks:
        hook.remove()


def test_the_vit_has_one_head() -> None:
    network = made("vit").train()
    found = network.forward_window(signals(), Window(0, 500, patch_keep=0.5))
    assert isinstance(found, Tensor) and found.shape == (2, 5)


def weights(network: PatchClassifier) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Of each block: query and key (heads, size, width), value and output (width, width)."""
    found = []
    for block in network.backbone.blocks:
        attention = block.attn
        width, heads = attention.qkv.in_features, attention.num_heads
        query, key, value = attention.qkv.weight.detach().view(3, heads, width // heads, width)
        found.append((query, key, value.reshape(width, width), attention.proj.weight.detach()))
    return found


def test_value_and_output_start_near_minus_the_identity(network: PatchClassifier) -> None:
    """x -> x V^T P^T is 0.4 Z - 0.4 I: -0.4 on the diagonal, and around 0 elsewhere, spread by 0.4 / sqrt(width)."""
    for _, _, value, output in weights(network):
        product = value.T @ output.T
        width = len(product)
        assert product.diagonal().mean().item() == pytest.approx(-0.4, abs=0.01)
        rest = product[~torch.eye(width, dtype=torch.bool)]
        assert rest.mean().item() == pytest.approx(0, abs=0.005)
        assert rest.std().item() == pytest.approx(0.4 / width**0.5, rel=0.05)


def test_query_and_key_start_near_the_identity(network: PatchClassifier) -> None:
    """Each head's product is the part of 0.7 Z + 0.7 I that its size can hold, shared evenly between the two."""
    for query, key, _, _ in weights(network)[:3]:
        size, width = query.shape[1:]
        drawn = 0.7 * torch.randn(width, width) / width**0.5 + 0.7 * torch.eye(width)
        u, s, vh = torch.linalg.svd(drawn)
        expected = ((u[:, :size] * s[:size]) @ vh[:size]).diagonal().mean().item()
        for head in range(len(query)):
            product = query[head].T @ key[head]
            assert product.diagonal().mean().item() == pytest.approx(expected, rel=0.1)
            grams = [m @ m.T for m in (query[head], key[head])]
            torch.testing.assert_close(grams[0], grams[1], rtol=0, atol=1e-4)
            torch.testing.assert_close(grams[0].diagonal(), s[:size], rtol=0.1, atol=0)


def test_heads_start_apart(network: PatchClassifier) -> None:
    query, key, _, _ = weights(network)[0]
    assert not torch.allclose(query[0].T @ key[0], query[1].T @ key[1], atol=0.05)


def test_positions_start_as_sines(network: PatchClassifier, name: str) -> None:
    rows, columns = GRID[name]
    positions = network.backbone.pos_embed.detach()[0, PREFIX[name] :].unflatten(0, (rows, columns))
    quarter = positions.shape[-1] // 4
    down, right = positions[..., : 2 * quarter], positions[..., 2 * quarter :]
    torch.testing.assert_close(down, down[:, :1].expand_as(down))
    torch.testing.assert_close(right, right[:1].expand_as(right))
    y = torch.arange(rows)
    torch.testing.assert_close(down[:, 0, 0], 0.1 * torch.sin(y.float()))
    torch.testing.assert_close(down[:, 0, quarter], 0.1 * torch.cos(y.float()))


def test_the_blocks_are_compiled(network: PatchClassifier) -> None:
    assert network.part_to_compile() is network.backbone.blocks
    assert isinstance(network.part_to_compile(), nn.Module)
