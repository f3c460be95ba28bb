"""TorchScript files of networks on the image keep the layout that makes their convolutions fast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgebench.core import registry
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ecg


def test_convolutions_have_their_channels_last_in_the_file_and_not_in_the_network(tmp_path: Path) -> None:
    last = nn.Conv2d(4, 8, 3)
    network = nn.Sequential(nn.Unflatten(1, (1, 12)), nn.Conv2d(1, 4, 3), nn.ReLU(), last).eval()
    signals = torch.randn(2, 12, 40)
    task = ExportTask(network, tmp_path, tmp_path, ecg(samples=40), lambda: np.zeros((0, 12, 40), np.float32))
    file = registry.exporter("torchscript").export(task).file
    loaded = torch.jit.load(str(file))  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        answer = loaded(signals)
        assert answer.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(answer, network(signals))
    assert not last.weight.is_contiguous(memory_format=torch.channels_last)
