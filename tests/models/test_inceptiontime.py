"""InceptionTime is the published one."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import nn

from edgebench.core import registry
from edgebench.models.inceptiontime import Inception


@functools.cache
def network(name: str) -> Any:
    """On the meta device: shapes, and no values to compute."""
    with torch.device("meta"):
        return registry.architecture(name).build(5)


def test_inceptiontime() -> None:
    blocks = [m for m in network("inceptiontime").modules() if isinstance(m, Inception)]
    assert len(blocks) == 6
    for block in blocks:
        kernels = [branch.kernel_size for branch in block.branches if isinstance(branch, nn.Conv1d)]
        assert kernels == [(39,), (19,), (9,)]
    assert [b.bottleneck.in_channels for b in blocks] == [12, 128, 128, 128, 128, 128]
