"""Shared by the two runtimes that use torch: its set-up, and a session around a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import ArtifactError
from edgebench.core.outputs import KINDS, WrongOutput, choose
from edgebench.runtimes.clocks import CudaClock, HostClock
from edgebench.runtimes.constants import Constants

if TYPE_CHECKING:
    import torch

    from edgebench.core.io_adapter import IOAdapter
    from edgebench.core.protocols import Clock

RANGE = ">=2.10,<2.16"
"""As in pyproject.toml."""
LIGHT = {"aarch64": "==2.10.0"}
"""The last torch whose wheel for that architecture comes without CUDA's packages (later ones are gigabytes)."""


class TorchSession:
    """A module on a device, called with NumPy arrays."""

    def __init__(self, module: Callable[..., Any], device: str, feed: IOAdapter | None = None) -> None:
        import torch

        self._answer = feed.answer if feed else None
        self._one = self._answer in (None, 0, *KINDS)  # what a single tensor may be called
        self._dtype = getattr(torch, feed.dtype if feed else "float32")
        self._names = tuple(one.name for one in feed.further) if feed else ()
        self._types = [getattr(torch, one.dtype) for one in feed.further] if feed else []
        self._constants = Constants(feed.constants if feed else (), lambda array: torch.from_numpy(array).to(device))

        self._torch, self._module, self._device = torch, module, torch.device(device)
        self.clock: Clock = CudaClock(torch.cuda) if device == "cuda" else HostClock()
        self.settings: Mapping[str, str] = {
            "device": torch.cuda.get_device_name() if device == "cuda" else device,
            "quantized_engine": str(torch.backends.quantized.engine),
            "threads": str(torch.get_num_threads()),
        }

    def predict(self, signals: NDArray[np.float32], /, *further: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of signals; raises ArtifactError where there are several outputs and none was chosen."""
        with self._torch.inference_mode():
            batch: torch.Tensor = self._torch.from_numpy(signals)
            others = [self._torch.from_numpy(values).to(self._device) for values in further]
            named = self._constants.of(len(signals))
            if self._names:  # of a user's file; those of EdgeBench's own take them in their order
                typed = (one.to(kind) for one, kind in zip(others, self._types, strict=True))
                named = {**named, **dict(zip(self._names, typed, strict=True))}
                others = []
            answer = self._module(batch.to(self._device, self._dtype), *others, **named)
            if not (self._one and isinstance(answer, self._torch.Tensor)):
                answer = self._chosen(answer)
            logits: NDArray[np.float32] = answer.float().cpu().numpy()
        return logits

    def _chosen(self, answer: Any) -> torch.Tensor:
        try:
            found: torch.Tensor = choose(answer, self._answer)
        except WrongOutput as error:
            raise ArtifactError(f"it {error}") from None
        return found

    def peak_device_bytes(self) -> int | None:
        """Peak of the memory that torch's allocator took from the GPU."""
        if self._device.type != "cuda":
            return None
        return int(self._torch.cuda.max_memory_reserved())


def requirements(machine: str) -> tuple[str, ...]:
    """What pip installs of torch on an architecture."""
    return ("torch" + LIGHT.get(machine, RANGE),)


def supports(machine: str) -> str:
    """Why no machine of an architecture has torch."""
    from edgebench.core.installing import no_wheels

    return no_wheels("torch", machine)


def unavailable(device: str, engine: str) -> str:
    """Why torch cannot run on this device or with this engine here; empty when it can."""
    try:
        import torch
    except ImportError:
        from edgebench.core import installing

        machine = installing.architecture()
        return installing.not_installed("torch", requirements(machine), supports(machine))
    if device == "cuda" and not torch.cuda.is_available():
        return "no CUDA device"
    if engine and engine not in torch.backends.quantized.supported_engines:
        return f"this torch has no quantized engine '{engine}'"
    return ""


def start(threads: int, engine: str) -> None:
    """Import torch and set its threads and its quantized engine (an int8 file runs under whichever is set)."""
    import torch

    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:  # torch takes it once, and a program may load several files
        torch.set_num_interop_threads(1)
    if engine:
        torch.backends.quantized.engine = engine
