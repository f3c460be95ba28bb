"""Trace a network to TorchScript, without the deprecation warning of each call."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

from edgebench.core.contracts import InputContract


def save_traced(network: nn.Module, contract: InputContract, path: Path) -> Path:
    """Trace with one record, freeze (weights become constants, normalisation is folded into convolutions), and save.

    Raises RuntimeError where the network cannot be traced.
    """
    example = torch.zeros(1, *contract.shape)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network.eval(), example)  # type: ignore[no-untyped-call]
        torch.jit.save(torch.jit.freeze(traced), str(path))
    return path
