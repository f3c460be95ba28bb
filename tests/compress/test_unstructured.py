"""Unstructured pruning: the number and the place of the zeros, and no trace of the method in the network."""

from __future__ import annotations

import pytest
import torch
from compress_tasks import task, zeros
from torch import nn

from edgebench.core import registry
from edgebench.core.errors import Unsupported


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(12, 10, 5), nn.ReLU(), nn.Conv1d(10, 20, 3), nn.Flatten(), nn.Linear(100, 5))


def pruned(spec: str, of: nn.Module | None = None, seed: int = 0) -> nn.Module:
    return registry.variant(spec).apply(of or network(), spec, task(seed))


def test_l1_takes_the_smallest_of_each_convolution() -> None:
    before = network()
    after = pruned("l1-0.4", before)
    for index in (0, 2):
        old, new = (net.get_parameter(f"{index}.weight").flatten() for net in (before, after))
        smallest = old.abs().argsort()[: round(0.4 * old.numel())]
        assert set((new == 0).nonzero().flatten().tolist()) == set(smallest.tolist())
        assert (new[new != 0] == old[new != 0]).all()
    assert (after.get_parameter("4.weight") == before.get_parameter("4.weight")).all()


def test_the_reparametrisation_is_gone() -> None:
    assert pruned("l1-0.4").state_dict().keys() == network().state_dict().keys()
    assert not [m for m in pruned("random-0.4-all").modules() if m._forward_pre_hooks]


def test_the_network_itself_stays() -> None:
    before = network()
    pruned("l1-0.9-all", before)
    assert all(torch.equal(a, b) for a, b in zip(before.parameters(), network().parameters(), strict=True))


@pytest.mark.parametrize(("spec", "layers"), [("l1-0.5-linear", ["4"]), ("l1-0.5-all", ["0", "2", "4"])])
def test_layers(spec: str, layers: list[str]) -> None:
    found = {n for n, m in pruned(spec).named_modules() if isinstance(m, nn.Conv1d | nn.Linear) and zeros(m.weight)}
    assert found == set(layers)


def test_global_ranks_all_weights_together() -> None:
    before = network()
    before.get_parameter("0.weight").data += 10  # its weights are all larger than the second convolution's
    after = pruned("l1-0.3-global", before)
    first, second = (after.get_submodule(i).weight for i in ("0", "2"))
    assert zeros(first) == 0  # type: ignore[arg-type]
    assert zeros(second) == round(0.3 * (600 + 600))  # type: ignore[arg-type]


def test_random_is_the_seeds() -> None:
    first, again, other = (pruned("random-0.5", seed=s).state_dict()["0.weight"] for s in (0, 0, 1))
    assert zeros(first) == 300
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_no_such_layer() -> None:
    with pytest.raises(Unsupported, match=r"l1-0\.4-linear"):
        pruned("l1-0.4", nn.Sequential(nn.Linear(3, 5)))
