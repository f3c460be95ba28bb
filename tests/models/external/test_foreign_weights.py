"""Imported weights: read without running code, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from edgebench.core.errors import ModelError
from edgebench.models.external.foreign_weights import load_into, read_state


def test_each_way_of_saving_is_read(tmp_path: Path) -> None:
    state = nn.Linear(3, 2).state_dict()
    save_file(state, tmp_path / "a.safetensors")
    torch.save(state, tmp_path / "b.pth")
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}}, tmp_path / "c.pt")
    for name in ("a.safetensors", "b.pth", "c.pt"):
        network = nn.Linear(3, 2)
        load_into(network, read_state(tmp_path / name), name, "net.py:build")
        assert all(torch.equal(network.state_dict()[k], state[k]) for k in state)


def test_a_networks_own_part_called_module_stays(tmp_path: Path) -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = nn.Linear(3, 2)

    torch.save(Own().state_dict(), tmp_path / "own.pth")
    load_into(Own(), read_state(tmp_path / "own.pth"), "own.pth", "net.py:build")


class Payload:
    """Would create a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save(nn.Linear(3, 2), tmp_path / "whole.pth")
    torch.save({"a": Payload(tmp_path / "harm")}, tmp_path / "bad.pth")
    for name in ("whole.pth", "bad.pth"):
        with pytest.raises(ModelError, match=name):
            read_state(tmp_path / name)
    assert not (tmp_path / "harm").exists()


def test_files_without_a_state_dict(tmp_path: Path) -> None:
    (tmp_path / "noise.pth").write_bytes(b"noise")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("noise.pth", "list.pth", "none.pth"):
        with pytest.raises(ModelError, match=name):
            read_state(tmp_path / name)


def test_keys_that_do_not_fit_are_named() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    state = network.state_dict()
    state["extra"] = torch.zeros(1)
    del state["1.bias"]
    state["0.weight"] = torch.zeros(4, 3)
    with pytest.raises(ModelError) as refused:
        load_into(network, state, "w.pth", "net.py:build")
    named = ("w.pth", "net.py:build", "1.bias", "extra", "0.weight (4, 3)", "(2, 3)")
    assert all(name in str(refused.value) for name in named)


def test_half_precision_becomes_float() -> None:
    network = nn.Linear(3, 2)
    half = {k: v.half() for k, v in network.state_dict().items()}
    load_into(network, half, "w", "n")
    assert network.weight.dtype == torch.float32
