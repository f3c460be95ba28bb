"""XResNet1d101 is the published one."""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from edgebench.core import registry
from edgebench.models.xresnet1d101 import Bottleneck


@functools.cache
def network(name: str) -> Any:
    """On the meta device: shapes, and no values to compute."""
    with torch.device("meta"):
        return registry.architecture(name).build(5)


def test_xresnet1d101() -> None:
    """A stage begins where time is halved."""
    blocks = [m for m in network("xresnet1d101").modules() if isinstance(m, Bottleneck)]
    strides = [
        next(c.stride for c in b.path.modules() if isinstance(c, nn.Conv1d) and c.kernel_size == (5,)) for b in blocks
    ]
    starts = [0, *(i for i, stride in enumerate(strides) if stride == (2,)), len(blocks)]
    assert [b - a for a, b in pairwise(starts)] == [3, 4, 23, 3]
    assert {c.out_channels for b in blocks for c in b.path.modules() if isinstance(c, nn.Conv1d)} == {64, 256}
