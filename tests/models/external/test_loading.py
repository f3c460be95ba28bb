"""Imported weights into a network: every name fits, a common prefix is taken off, or the names are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from edgebench.core.errors import ModelError
from edgebench.models.external.loading import load_into

State = dict[str, Tensor]


def made(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


def prefixed(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


def loaded(state: State) -> list[str]:
    """What was said; the network must have the weights of `made(1)`."""
    network, wanted = made(), made(1).state_dict()
    notes = load_into(network, state, "w.pt", "net.py:build")
    assert all(torch.equal(network.state_dict()[k], wanted[k]) for k in wanted)
    return notes


def test_weights_as_they_are() -> None:
    assert loaded(made(1).state_dict()) == []


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "net.encoder.", "module._orig_mod."])
def test_a_common_prefix_is_taken_off_and_said(prefix: str) -> None:
    notes = loaded(prefixed(prefix, made(1).state_dict()))
    assert all(any(part in note for note in notes) for part in prefix.rstrip(".").split("."))


def test_names_outside_of_the_prefix_are_not_used_and_said() -> None:
    """As Lightning has them: the loss and metrics beside the network."""
    (note,) = loaded(prefixed("model.", made(1).state_dict()) | {"criterion.weight": torch.zeros(5)})
    assert "'model.'" in note and "criterion.weight" in note


def test_a_moving_average_beside_the_network_is_not_taken() -> None:
    own, average = made(1).state_dict(), made(2).state_dict()
    for prefix in ("model_ema.", "ema.module.", "teacher."):
        assert prefix in " ".join(loaded(prefixed("model.", own) | prefixed(prefix, average)))
        assert prefix in " ".join(loaded(own | prefixed(prefix, average)))
    averaged = torch.optim.swa_utils.AveragedModel(made(1))
    assert "n_averaged" in loaded(averaged.state_dict())[0]


def test_two_networks_that_fit_are_refused() -> None:
    with pytest.raises(ModelError, match=r"several such networks, under one\., two\."):
        load_into(made(), prefixed("one.", made(1).state_dict()) | prefixed("two.", made(2).state_dict()), "w", "n")


def test_a_part_of_torch_compile_inside_of_names() -> None:
    state = {name.replace("0.", "0._orig_mod."): value for name, value in made(1).state_dict().items()}
    assert "_orig_mod." in loaded(state)[0]


def test_a_networks_own_part_called_module_stays() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = nn.Linear(3, 2)

    assert load_into(Own(), Own().state_dict(), "own.pth", "net.py:build") == []


def test_keys_that_do_not_fit_are_named() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    state = network.state_dict()
    state["extra\n\x1b[31m"] = torch.zeros(1)
    del state["1.bias"]
    state["0.weight"] = torch.zeros(4, 3)
    with pytest.raises(ModelError) as refused:
        load_into(network, state, "w.pth", "net.py:build")
    named = ("w.pth", "net.py:build", "1.bias", "extra", "0.weight (4, 3)", "(2, 3)")
    assert all(name in str(refused.value) for name in named)
    assert "\n" not in str(refused.value) and "\x1b" not in str(refused.value)


def test_half_precision_becomes_float() -> None:
    network = nn.Linear(3, 2)
    load_into(network, {k: v.half() for k, v in network.state_dict().items()}, "w", "n")
    assert network.weight.dtype == torch.float32


@pytest.mark.parametrize("change", [lambda t: t.to_sparse(), lambda t: t.to("meta")], ids=["sparse", "meta"])
def test_tensors_that_hold_no_plain_values(change: Callable[[Tensor], Tensor]) -> None:
    state = made(1).state_dict()
    state["0.weight"] = change(state["0.weight"])
    with pytest.raises(ModelError, match=r"w\.pth: does not fit") as refused:
        load_into(made(), state, "w.pth", "net.py:build")
    assert "\n" not in str(refused.value)
