"""The names of layers inside a TorchScript file."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgebench.runtimes import torch_layers, torch_profile


class Small(nn.Module):
    """Two layers of one kind, and an operator of the network itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.blocks = nn.Linear(3, 3), nn.ModuleList([nn.Linear(3, 3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Two layers."""
        hidden = torch.relu(self.first(x))
        found: torch.Tensor = self.blocks[0](hidden)
        return found


def frozen(network: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.freeze(torch.jit.trace(network.eval(), torch.zeros(1, 3)))  # type: ignore[no-untyped-call]


def test_operators_of_a_file_have_the_names_of_the_network(tmp_path: Path) -> None:
    network = Small()
    torch_layers.save(frozen(network), tmp_path / "model.pt", dict(network.named_modules()))
    module, layers = torch_layers.load(tmp_path / "model.pt")
    assert layers == [("aten::linear", "first"), ("aten::relu", ""), ("aten::linear", "blocks.0")]

    def predict(record: Any) -> None:
        module(torch.from_numpy(record))

    found = torch_profile.profile(predict, [(np.zeros((1, 3), np.float32),)] * 8, layers)
    assert {(o.layer, o.calls) for o in found if o.name == "aten::linear"} == {("first", 1), ("blocks.0", 1)}
    # One more call of the operator than the file has: which call is whose is not known.
    other = torch_profile.profile(predict, [(np.zeros((1, 3), np.float32),)] * 8, layers[:1])
    assert {o.layer for o in other} == {""}


@pytest.mark.parametrize(
    "written", [None, "", "5", "[5]", '[["aten::linear", "a"]]', '[["aten::linear", 5]]', "[" * 100_000, b"\xff"]
)
def test_a_file_of_another_origin_has_none(tmp_path: Path, written: str | bytes | None) -> None:
    extra = {} if written is None else {torch_layers.FILE: written}
    torch.jit.save(frozen(Small()), str(tmp_path / "m.pt"), _extra_files=extra)
    module, layers = torch_layers.load(tmp_path / "m.pt")
    assert layers == [] and module(torch.zeros(1, 3)).shape == (1, 3)


def test_a_network_in_eager_mode_says_its_layers_itself() -> None:
    network = Small().eval()
    torch_profile.mark_layers(network)
    found = torch_profile.profile(lambda r: network(torch.from_numpy(r)), [(np.zeros((1, 3), np.float32),)] * 8)
    assert {o.layer for o in found if o.name == "aten::linear"} == {"first", "blocks.0"}
    assert json.dumps([o.layer for o in found if o.name == "aten::relu"]) == '[""]'


def test_a_file_says_nothing_of_the_exporting_machine(tmp_path: Path) -> None:
    """No stack traces, which have paths, and not the file's name."""
    network = Small()
    traced = frozen(network)
    for name in ("a.pt", "b.pt"):
        torch_layers.save(traced, tmp_path / name, dict(network.named_modules()))
    content = (tmp_path / "a.pt").read_bytes()
    assert content == (tmp_path / "b.pt").read_bytes()
    assert Path(torch.__file__).parent.parent.name.encode() not in content and b"debug_pkl" not in content
    module, _ = torch_layers.load(tmp_path / "a.pt")
    record = torch.ones(1, 3)
    assert torch.equal(module(record), network(record))
