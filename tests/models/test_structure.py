"""The sizes of a pruned network: those that changed, and the network that is built from them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import nn

from edgebench.core.errors import ModelError
from edgebench.models import structure


def network(width: int = 8, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(2, width, 3, groups=groups), nn.BatchNorm1d(width), nn.Conv1d(width, width, 3, groups=width),
        nn.Flatten(), nn.Linear(width * 4, 5),
    )  # fmt: skip


def test_only_sizes_that_differ_are_stored() -> None:
    assert structure.changes(network(), network()) == {}
    assert structure.changes(network(6), network(8)) == {
        "0": {"out_channels": 6},
        "1": {"num_features": 6},
        "2": {"in_channels": 6, "out_channels": 6, "groups": 6},
        "4": {"in_features": 24},
    }


def test_tuples_are_lists_as_in_json() -> None:
    wide, narrow = nn.Sequential(nn.Conv2d(1, 1, (3, 5))), nn.Sequential(nn.Conv2d(1, 1, (3, 3)))
    sizes = structure.changes(narrow, wide)
    assert sizes == {"0": {"kernel_size": [3, 3]}}
    structure.apply(wide, json.loads(json.dumps(sizes)), narrow.state_dict())
    (convolution,) = wide
    assert isinstance(convolution, nn.Conv2d) and convolution.kernel_size == (3, 3)


@pytest.mark.parametrize("groups", [1, 2])
def test_sizes_and_weights_give_the_same_network(groups: int) -> None:
    torch.manual_seed(0)
    small, again = network(6, groups).eval(), network(8, groups).eval()
    structure.apply(again, json.loads(json.dumps(structure.changes(small, again))), small.state_dict())
    again.load_state_dict(small.state_dict())
    signals = torch.randn(3, 2, 8)
    with torch.inference_mode():
        assert torch.equal(again(signals), small(signals))
    assert {n: p.shape for n, p in again.named_parameters()} == {n: p.shape for n, p in small.named_parameters()}


class Scaled(nn.Module):
    """A parameter of the module's own, whose shape no integer says."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width), requires_grad=False)
        self.register_buffer("steps", torch.zeros(width, dtype=torch.int64))


def test_other_tensors_take_the_shapes_of_the_weights() -> None:
    resized, state = Scaled(8), Scaled(5).state_dict()
    structure.apply(resized, {}, state | {"unknown.weight": torch.zeros(1)})
    resized.load_state_dict(state)
    assert resized.scale.shape == (5,) and not resized.scale.requires_grad
    assert isinstance(resized.steps, torch.Tensor) and resized.steps.dtype == torch.int64


@pytest.mark.parametrize("sizes", [{"0": {"heads": 3}}, {"9": {"out_channels": 3}}])
def test_sizes_of_another_architecture_are_refused(sizes: dict[str, Any]) -> None:
    place = next(f"{module}.{key}" for module, keys in sizes.items() for key in keys)
    with pytest.raises(ModelError, match=place.replace(".", r"\.")):
        structure.apply(network(), sizes, {})


def test_a_network_with_other_modules_is_refused() -> None:
    with pytest.raises(ModelError):
        structure.changes(nn.Sequential(nn.Linear(3, 3)), network())
