"""Energy, temperature and throttling of the GPU that CUDA computes on, from NVML.

NVML counts the GPUs in its own order, CUDA in another, and CUDA_VISIBLE_DEVICES chooses among them by numbers or UUIDs.
So CUDA's driver gives the bus address of its first device, in this process, and NVML the GPU at that address: the
driver itself interprets CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER.
"""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass
from typing import Any

from edgebench.core.errors import first_line

REASONS = {
    0x04: "software power cap", 0x08: "hardware slowdown", 0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown", 0x80: "hardware power brake",
}  # fmt: skip
"""Bits of nvmlClocksEventReasons (nvml.h) that mean throttling; the others are an idle GPU, or clocks that were set."""
POLICIES = {0: "power limit", 1: "temperature limit"}
"""nvmlPerfPolicyType_t: the limits for which NVML counts the time that they throttled the GPU."""
TEMPERATURE_GPU = 0
BUS_ID_BYTES = 32


class NoGpu(Exception):  # noqa: N818 - never shown by itself: its line says why a value is missing
    """NVML does not show the GPU that CUDA uses; the text says why."""


@dataclass(frozen=True)
class Gpu:
    """One GPU, as a handle of NVML's binding. What the GPU or its driver does not report is None, or empty."""

    nvml: Any
    """The module pynvml."""
    handle: Any

    def joules(self) -> float | None:
        """Energy since the driver was loaded."""
        millijoules = self._query("nvmlDeviceGetTotalEnergyConsumption")
        return None if millijoules is None else millijoules / 1e3

    def temperature_c(self) -> float | None:
        """Temperature of the chip, in degrees Celsius."""
        degrees = self._query("nvmlDeviceGetTemperature", TEMPERATURE_GPU)
        return None if degrees is None else float(degrees)

    def throttle_reasons(self) -> list[str]:
        """Why the GPU is throttled at this moment; empty where it is not."""
        bits = self._bits() or 0
        return [name for bit, name in REASONS.items() if bits & bit]

    def reports_reasons(self) -> bool:
        """Whether this GPU reports why it is throttled."""
        return self._bits() is not None

    def throttle_times(self) -> dict[str, int]:
        """How long each limit has throttled the GPU since the driver was loaded, by NVML's counters in nanoseconds."""
        found = {name: self._query("nvmlDeviceGetViolationStatus", policy) for policy, name in POLICIES.items()}
        return {name: int(status.violationTime) for name, status in found.items() if status is not None}

    def _bits(self) -> int | None:
        for name in ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"):
            if (bits := self._query(name)) is not None:  # drivers before 535 know the second name only
                return int(bits)
        return None

    def _query(self, function: str, *arguments: int) -> Any:
        with contextlib.suppress(self.nvml.NVMLError, AttributeError):  # of an older binding, or not on this GPU
            return getattr(self.nvml, function)(self.handle, *arguments)
        return None


def find() -> Gpu:
    """The GPU that CUDA shows first to this process, which is the one that sessions use. Raises NoGpu."""
    try:
        import pynvml
    except ImportError:
        raise NoGpu("no NVML binding (pip install 'edgebench[gpu]')") from None
    address = _bus_id()
    try:
        pynvml.nvmlInit()
        return Gpu(pynvml, pynvml.nvmlDeviceGetHandleByPciBusId(address.encode()))
    except pynvml.NVMLError as error:
        raise NoGpu(f"NVML: {first_line(error)}") from None


def _bus_id() -> str:
    """The bus address of CUDA's first device, such as `0000:65:00.0` (cuDeviceGetPCIBusId)."""
    try:
        cuda = _driver()
    except OSError:
        raise NoGpu("no CUDA driver (libcuda.so.1)") from None
    device, text = ctypes.c_int(), ctypes.create_string_buffer(BUS_ID_BYTES)
    failed = cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0)
    failed = failed or cuda.cuDeviceGetPCIBusId(text, BUS_ID_BYTES, device)
    if failed:
        raise NoGpu(f"CUDA's driver shows no device (error {failed})")
    return text.value.decode()


def _driver() -> Any:
    return ctypes.CDLL("libcuda.so.1")
