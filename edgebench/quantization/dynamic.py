"""Dynamic quantization: int8 weights, activations quantized at run time."""

from __future__ import annotations

import torch
from torch import nn
from torch.ao.quantization import quantize_dynamic as dynamic

from edgebench.core.errors import Unsupported
from edgebench.quantization.engines import engine_set
from edgebench.quantization.partition import QUANTIZABLE


def quantize_dynamic(network: nn.Module, engine: str) -> tuple[nn.Module, tuple[str, ...]]:
    """Quantize the weights of linear and recurrent layers; returns the network and the layers that stay in float.

    Raises Unsupported where the network has no such layer.
    """
    kinds = {nn.Linear, nn.LSTM, nn.GRU}
    with engine_set(engine):
        if not any(type(m) in kinds for m in network.modules()):
            raise Unsupported("the network has no linear or recurrent layer")
        quantized: nn.Module = dynamic(network, kinds, dtype=torch.qint8)  # type: ignore[no-untyped-call]
    floats = [n for n, m in network.named_modules() if isinstance(m, QUANTIZABLE) and type(m) not in kinds]
    return quantized, tuple(f"{name}: dynamic quantization has no kernel for it" for name in floats)
