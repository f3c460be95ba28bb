"""The optimizers of a recipe."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.recipe import Recipe
from edgebench.training.optimizers import ADAMW_RATE_SHARE, optimizer_of


def recipe(**changes: Any) -> Recipe:
    settings: dict[str, Any] = {"epochs": 1, "batch_size": 2, "learning_rate": 0.01, "optimizer": "muon"}
    return Recipe(**(settings | changes))


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)]
)
def test_biases_and_normalisation_do_not_decay(name: str, kind: type[torch.optim.Optimizer]) -> None:
    network = nn.Sequential(nn.Linear(8, 4), nn.LayerNorm(4))
    optimizer = optimizer_of(network, nn.Linear(4, 2), recipe(optimizer=name, weight_decay=0.1))
    assert type(optimizer) is kind
    decays = {tuple(p.shape): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decays == {(4, 8): 0.1, (2, 4): 0.1, (4,): 0.0, (2,): 0.0}


def test_sgd_steps_with_nesterov_momentum() -> None:
    """Two steps with gradient 1, momentum 0.9 and rate 0.01: 1 + 0.9, then (0.9 + 1) 0.9 + 1."""
    layer = nn.Linear(1, 1, bias=False)
    before, optimizer = layer.weight.item(), optimizer_of(layer, None, recipe(optimizer="sgd"))
    for _ in range(2):
        layer.weight.grad = torch.ones(1, 1)
        optimizer.step()
    assert before - layer.weight.item() == pytest.approx(0.01 * (1.9 + 2.71), rel=1e-5)


@pytest.mark.parametrize("shape", [(64, 32), (32, 64), (48, 48)])
def test_muon_steps_along_the_orthogonalised_gradient(shape: tuple[int, int]) -> None:
    """The first step is near U V^T of the gradient's singular value decomposition, 0.2 sqrt(longer side) times."""
    torch.manual_seed(0)
    layer = nn.Linear(shape[1], shape[0], bias=False)
    before, gradient = layer.weight.detach().clone(), torch.randn(shape)
    layer.weight.grad = gradient.clone()
    optimizer_of(layer, None, recipe()).step()
    step = (before - layer.weight.detach()) / (0.01 * 0.2 * max(shape) ** 0.5)
    u, _, vh = torch.linalg.svd(gradient, full_matrices=False)
    assert torch.nn.functional.cosine_similarity(step.flatten(), (u @ vh).flatten(), dim=0) > 0.97
    assert 0.6 < torch.linalg.svdvals(step).min() < torch.linalg.svdvals(step).max() < 1.3


def test_adamw_steps_all_but_the_matrices_of_the_network() -> None:
    torch.manual_seed(0)
    network, hint = registry.architecture("deit-tiny").build(5), nn.Linear(192, 32)
    optimizer = optimizer_of(network, hint, recipe())
    for p in (*network.parameters(), *hint.parameters()):
        p.grad = torch.randn_like(p)
    optimizer.step()
    muons = {id(p) for p in optimizer.state if "momentum_buffer" in optimizer.state[p]}
    names = {name for name, p in network.named_parameters() if id(p) in muons}
    assert names == {n for n, p in network.named_parameters() if ".blocks." in n and p.ndim == 2} | {
        "backbone.patch_embed.proj.weight"
    }
    assert not muons & {id(p) for p in hint.parameters()}


def test_the_others_rate_is_a_share() -> None:
    """The first step of AdamW with Nesterov momentum is 1.9 times its learning rate in each entry."""
    network: Any = nn.Sequential(nn.Linear(32, 32))
    before: Tensor = network[0].bias.detach().clone()
    for p in network.parameters():
        p.grad = torch.ones_like(p)
    optimizer_of(network, None, recipe()).step()
    step = before - network[0].bias.detach()
    assert step == pytest.approx(torch.full((32,), 1.9 * 0.01 * ADAMW_RATE_SHARE), rel=1e-3)
