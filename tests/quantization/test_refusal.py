"""The module that an engine refuses is found, whichever operator of it is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

from edgebench.quantization import fx as fx_quantization
from edgebench.quantization.partition import Partition
from edgebench.quantization.refusal import first_refused


class Refusing(nn.Module):
    """Stands for a kernel that refuses."""

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("the scale is too small\nand more of the library's words")


class Doubling(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + x


class Fussy(nn.Module):
    """Two modules, and a sum of their results that does not work."""

    def __init__(self, lengths: tuple[int, int]) -> None:
        super().__init__()
        self.first, self.second = nn.AdaptiveAvgPool1d(lengths[0]), nn.AdaptiveAvgPool1d(lengths[1])

    def forward(self, x: Tensor) -> Tensor:
        return self.first(x) + self.second(x)  # type: ignore[no-any-return]


class AsLeaf(fx.Tracer):
    """A graph in which these modules are nodes, as converted modules are."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, Refusing) or super().is_leaf_module(m, module_qualified_name)


def traced(network: nn.Module) -> fx.GraphModule:
    return fx.GraphModule(network, AsLeaf().trace(network))


SIGNALS = torch.from_numpy(np.ones((2, 4, 8), np.float32))


def test_a_network_that_runs_is_not_refused() -> None:
    partition = Partition([""])
    assert first_refused(traced(nn.Sequential(nn.ReLU(), Doubling())), SIGNALS, partition) is None
    assert partition.parts == [""]


def test_a_refused_module_is_named_with_the_reason() -> None:
    found = first_refused(traced(nn.Sequential(nn.ReLU(), nn.Sequential(Refusing()))), SIGNALS, Partition([""]))
    assert found is not None
    path, reason = found
    assert path == "1.0" and "the scale is too small" in reason and "library" not in reason


def test_a_refused_operator_is_in_the_parent_of_what_it_depends_on() -> None:
    network = nn.Sequential(nn.ReLU(), nn.Sequential(nn.ReLU(), Fussy((3, 4))))
    partition = Partition([""])
    found = first_refused(traced(network), SIGNALS, partition)
    assert found is not None and found[0] == "1.1" and "'add'" in found[1]
    partition.floats["1.1"] = found[1]
    again = first_refused(traced(network), SIGNALS, partition)
    assert again is not None and again[0] == "1", "where the innermost was tried, the one around it"


def test_a_part_without_another_candidate_is_given_up() -> None:
    partition = Partition([""], {"1.0": "tried", "1": "tried"})
    network = traced(nn.Sequential(nn.ReLU(), nn.Sequential(Refusing())))
    found = first_refused(network, SIGNALS, partition)
    assert found is not None and found[0] == "" and partition.parts == []


def test_paths_are_those_in_the_whole_network() -> None:
    whole = nn.Sequential(nn.ReLU(), traced(nn.Sequential(nn.ReLU(), Refusing())))
    found = first_refused(whole, SIGNALS, Partition(["1"]))
    assert found is not None and found[0] == "1.1"
    part = whole[1]
    assert isinstance(part, nn.Module) and not part._forward_pre_hooks, "nothing keeps listening"


@pytest.mark.parametrize("parts", [["1", "2"], ["2", "1"]])
def test_whichever_part_refuses_is_found(parts: list[str]) -> None:
    whole = nn.Sequential(nn.ReLU(), traced(nn.Sequential(nn.ReLU())), traced(nn.Sequential(Refusing())))
    found = first_refused(whole, SIGNALS, Partition(parts))
    assert found is not None and found[0] == "2.0"


class Untraceable(nn.Module):
    """FX cannot trace the `if`, so each module inside is a part of its own; the sum in the last one is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block, self.head = nn.Conv1d(4, 4, 5), Residual(), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(self.stem(x))
        return self.head(y.mean(-1)) if bool(y.sum() < 1e9) else y  # type: ignore[no-any-return]


class Residual(nn.Module):
    """Adds a branch that is so much smaller that QNNPACK refuses the scales of the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Conv1d(4, 4, 3, padding=1)
        with torch.no_grad():
            for parameter in self.branch.parameters():
                parameter.mul_(1e-7)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x)  # type: ignore[no-any-return]


def test_a_real_engine_refuses_a_later_part() -> None:
    torch.manual_seed(0)
    signals = np.random.default_rng(0).normal(0, 0.3, (16, 4, 32)).astype(np.float32)
    network, floats = fx_quantization.quantize_static(Untraceable().eval(), "qnnpack", signals)
    assert "add number 1 in block" in [part.partition(":")[0] for part in floats], "the sum alone"
    assert fx_quantization.is_quantized(network)
