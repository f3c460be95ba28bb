"""One sum that QNNPACK refuses stays in float; the rest is int8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ecg

CONTRACT = ecg(leads=("I", "II", "III", "AVR"), samples=64)
SIGNALS = np.random.default_rng(0).normal(0, 1, (16, *CONTRACT.shape)).astype(np.float32)


class Sums(nn.Module):
    """Two sums in the network's own code; the parts of the second are a million times apart."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(4, 4, 3, padding=1), nn.Conv1d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(x + self.first(x))
        x = torch.relu(x + self.second(x) * 1e-6)
        return self.head(x.mean(2))  # type: ignore[no-any-return]


def test_the_sum_alone_is_in_float(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Sums().eval()
    task = ExportTask(network, tmp_path, tmp_path, CONTRACT, lambda: SIGNALS)
    done = registry.exporter("qnnpack-int8").export(task)
    (part,) = done.float_parts
    assert part.startswith("add number 2 in the network: ") and "scales" in part
    torch.backends.quantized.engine = "qnnpack"
    loaded = torch.jit.load(str(done.file))  # type: ignore[no-untyped-call]
    code = str(loaded.inlined_graph)
    assert code.count("quantized::conv1d") == 2 and code.count("quantized::linear") == 1
    assert code.count("quantized::add_relu") == 1 and code.count("aten::add") == 1
    with torch.inference_mode():
        own, found = network(torch.from_numpy(SIGNALS)), loaded(torch.from_numpy(SIGNALS))
    assert float((found - own).abs().max()) < 0.03 * float(own.abs().max())
