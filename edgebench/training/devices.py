"""The device and the precision of a training."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from edgebench.core.errors import ModelError, first_line

DEVICES = "cpu or cuda"
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def device_of(name: str) -> torch.device:
    """The device of that name; for an empty name CUDA, or the CPU where there is no GPU.

    Raises ModelError where it cannot be used.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError:
        raise ModelError(f"--device {name}: no such device; give {DEVICES}") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"--device {name}: torch finds no CUDA device here; give cpu")
    try:
        torch.zeros(1, device=device).item()  # the device `meta` has no values
    except (RuntimeError, AssertionError, ModuleNotFoundError, NotImplementedError) as error:
        raise ModelError(f"--device {name}: cannot be used here ({first_line(error)}); give {DEVICES}") from None
    return device


class Precision:
    """Mixed precision: the forward pass in bf16 or fp16, weights and optimizer in fp32.

    Micikevicius et al., 2018, "Mixed Precision Training": losses are scaled for fp16, whose small gradients vanish.
    """

    def __init__(self, name: str, device: torch.device, scaler: dict[str, Any] | None = None) -> None:
        self.name = _fastest(device) if name == "auto" else name
        self.device = device
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.name == "fp16")
        if scaler:
            self.scaler.load_state_dict(scaler)

    def forward(self) -> AbstractContextManager[Any]:
        """A context for the forward pass."""
        if self.name == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, DTYPES[self.name])

    def backward(self, loss: Tensor, network: nn.Module, optimizer: torch.optim.Optimizer, clip: float) -> None:
        """One step of the optimizer, with the norm of the gradients clipped to `clip`."""
        optimizer.zero_grad()
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(network.parameters(), clip)
        self.scaler.step(optimizer)
        self.scaler.update()


def _fastest(device: torch.device) -> str:
    """bf16 where the device computes it natively; a CPU needs AVX-512 BF16 or AMX for it."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "fp32"
