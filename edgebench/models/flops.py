"""The number of operations that a network needs for one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def macs(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds (MACs) of one record of that shape: half of what torch's FlopCounterMode counts.

    It counts convolutions and matrix products, including those of attention. It omits additions, normalisation,
    activations and pooling, as is usual. The network has to be in eval mode; it runs on the device that holds it.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    # With gradients: the counter's hooks need them where a weight is a module's input, as in a fake quantization.
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    with torch.enable_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *shape, device=device))
    return int(counter.get_total_flops()) // 2
