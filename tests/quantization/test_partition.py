"""The parts of a network that FX can trace, and what is done with them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from edgebench.quantization.partition import (
    Partition,
    find_parts,
    inputs_of,
    relative,
    replaced,
    short_message,
)


class Branching(nn.Module):
    """FX cannot trace an `if` on values."""

    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inside(x)
        return y * 2 if bool(y.sum() > 1e9) else y


class Leaf(nn.Conv1d):
    """A convolution of its own kind, which FX enters and cannot trace."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if bool(x.sum() < 1e9) else x


def parts_of(network: nn.Module) -> Partition:
    found = Partition()
    find_parts(network, "", found)
    return found


def test_a_network_that_can_be_traced_is_one_part() -> None:
    network = nn.Sequential(nn.Conv1d(2, 2, 1), nn.ReLU(), nn.Linear(4, 3))
    assert parts_of(network) == Partition([""], {})


def test_parts_are_the_largest_that_can_be_traced() -> None:
    inside = nn.Sequential(nn.Conv1d(2, 2, 1), nn.ReLU())
    network = nn.Sequential(nn.Sequential(nn.Conv1d(2, 2, 1), nn.ReLU()), Branching(inside), nn.ReLU(), nn.Linear(4, 3))
    assert parts_of(network) == Partition(["0", "1.inside", "3"]), "the ReLU has nothing to quantize"


def test_a_leaf_that_cannot_be_traced_stays_in_float_with_the_reason() -> None:
    found = parts_of(Branching(nn.Sequential(Leaf(2, 2, 1), nn.Linear(4, 3))))
    assert found.parts == ["inside.1"]
    assert list(found.floats) == ["inside.0"] and "FX cannot trace it" in found.floats["inside.0"]


def test_without_a_layer_to_quantize_there_is_no_part() -> None:
    assert parts_of(nn.Sequential(nn.ReLU(), Branching(nn.Flatten()))) == Partition()


@pytest.mark.parametrize(
    ("floats", "left"),
    [
        ({}, ["a", "a.b", "ab", "c.d"]),
        ({"a": ""}, ["ab", "c.d"]),
        ({"a.b": ""}, ["a", "ab", "c.d"]),
        ({"c": ""}, ["a", "a.b", "ab"]),
        ({"c.d.e": ""}, ["a", "a.b", "ab", "c.d"]),
        ({"": ""}, []),
    ],
)
def test_parts_inside_of_a_float_module_are_dropped(floats: dict[str, str], left: list[str]) -> None:
    """By whole names: `ab` is not inside of `a`."""
    partition = Partition(["a", "a.b", "ab", "c.d"], floats)
    partition.drop_float_parts()
    assert partition.parts == left


def test_what_stayed_in_float_has_its_reason() -> None:
    found = Partition(floats={"": "refused", "a.b": "untraceable"}).float_parts
    assert found == ("the whole network: refused", "a.b: untraceable")


def test_inputs_are_those_of_a_forward_pass() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Sequential(nn.ReLU(), nn.Linear(4, 3)))
    records = torch.tensor([[[1.0, -2.0], [3.0, -4.0]]])
    found = inputs_of(network, ["1", "1.1"], records)
    assert [x.tolist() for x in found["1"]] == [[[1.0, -2.0, 3.0, -4.0]]]
    assert [x.tolist() for x in found["1.1"]] == [[[1.0, 0.0, 3.0, 0.0]]]
    assert not any(m._forward_pre_hooks for m in network.modules()), "nothing keeps listening"


def test_a_module_is_replaced_at_its_path() -> None:
    network = nn.Sequential(nn.Sequential(nn.ReLU(), nn.Tanh()))
    new = nn.Identity()
    assert replaced(network, "0.1", new) is network and network.get_submodule("0.1") is new
    assert replaced(network, "", new) is new


def test_paths_in_a_part() -> None:
    assert (relative("a.b.c", "a"), relative("a.b.c", ""), relative("ab.c", "a")) == ("b.c", "a.b.c", "ab.c")


def test_messages_are_one_line_of_bounded_length() -> None:
    assert short_message(ValueError("first\nsecond")) == "first"
    assert short_message(ValueError("x" * 160)) == "x" * 160
    assert short_message(ValueError("x" * 161)) == "x" * 157 + "..."
