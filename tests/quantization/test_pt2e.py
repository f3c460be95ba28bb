"""PT2E on a small network: what is captured is the network, and int8 is said per module."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
import torch
from openvino_files import SIGNALS
from torch import nn

from edgebench.core.errors import Unsupported
from edgebench.quantization import pt2e

torchao = pytest.mark.skipif(
    not (importlib.util.find_spec("torchao") and importlib.util.find_spec("executorch")),
    reason="edgebench[executorch] is not installed",
)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv1d(12, 8, 5, stride=4), nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 5)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(torch.relu(self.norm(self.first(signals))).mean(-1))
        return logits


class Branching(nn.Module):
    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        return signals.mean(-1) if signals.sum() > 0 else signals.amax(-1)


def zeros(records: int) -> tuple[torch.Tensor, ...]:
    return (torch.zeros(records, 12, 1000),)


def test_a_captured_network_is_the_network_for_any_number_of_records() -> None:
    network, signals = Small().eval(), torch.from_numpy(SIGNALS)
    graph = pt2e.captured(network, zeros)
    assert pt2e.takes_any_batch(graph)
    with torch.no_grad():
        expected = network(signals)
        assert torch.allclose(graph(signals), expected, atol=1e-6)
        assert torch.allclose(pt2e.one_by_one(graph)(signals), expected, atol=1e-6)


def test_a_branch_on_values_is_refused() -> None:
    with pytest.raises(Unsupported, match=r"torch\.export"):
        pt2e.captured(Branching(), zeros)


@torchao
def test_modules_are_int8_but_for_those_that_stay_in_float() -> None:
    from executorch.backends.xnnpack.quantizer import xnnpack_quantizer as xnnpack

    network, signals = Small().eval(), torch.from_numpy(SIGNALS)
    with torch.no_grad():
        expected = network(signals)
    inside = pt2e.within({"head": "asked for"})
    quantizer: Any = xnnpack.XNNPACKQuantizer()
    quantizer.set_filter_function(lambda node: not inside(node))
    quantizer.set_global(xnnpack.get_symmetric_quantization_config(is_per_channel=True))
    converted = pt2e.quantized(pt2e.captured(network, zeros), quantizer, [SIGNALS])
    assert pt2e.precision_of_modules(converted, network) == (("first",), ["head"])
    with torch.no_grad():
        assert 0 < (converted(signals) - expected).abs().max() < 0.05
        assert torch.equal(network(signals), expected), "the network itself is as it was"
