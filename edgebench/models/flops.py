"""What one record costs a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def macs(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds of one record of that shape: half of what torch's FlopCounterMode counts.

    Convolutions and matrix products are counted, attention's among them. Additions, normalisation, activations and
    pooling are left out, as is usual. The network is in eval mode, and runs on the device where it is.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    # With gradients: the counter's hooks ask for those of a weight that is a module's input, as of a rounding.
    place = next((p.device for p in network.parameters()), torch.device("cpu"))
    with torch.enable_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *shape, device=place))
    return int(counter.get_total_flops()) // 2
