"""NVML and CUDA's driver are stand-ins: no machine of the tests has a GPU. They answer as nvml.h and cuda.h say."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from edgebench import diagnosis
from edgebench.measuring import energy, nvidia, sensors, steadiness
from edgebench.measuring.steadiness import Moment

FAST, SLOW = "00000000:65:00.0", "00000000:17:00.0"
"""In NVML's order, which is that of the bus, the slow GPU is the first; in CUDA's own, the fast one is."""
UUIDS = {FAST: "GPU-5c1d7a66-aaaa-bbbb-cccc-000000000001", SLOW: "GPU-9e0b2f10-aaaa-bbbb-cccc-000000000002"}


class NVMLError(Exception):
    pass


@dataclass
class Card:
    reasons: int = 0
    celsius: int = 41
    millijoules: int = 7_000
    violations: dict[int, int] = field(default_factory=lambda: {0: 0, 1: 0})


class Nvml:
    """The functions of pynvml that are used. `old` drivers know the former name of the reasons only."""

    NVMLError = NVMLError

    def __init__(self, old: bool = False) -> None:
        self.cards = {SLOW: Card(), FAST: Card()}
        self._old, self._ready = old, False

    def nvmlInit(self) -> None:  # noqa: N802
        self._ready = True

    def nvmlDeviceGetHandleByPciBusId(self, address: bytes) -> str:  # noqa: N802
        if not self._ready:
            raise NVMLError("Uninitialized")
        # CUDA writes the domain with four digits, NVML with eight; NVML takes both.
        found = [bus for bus in self.cards if bus.endswith(address.decode().lower())]
        if not found:
            raise NVMLError("Not Found\nsecond line")
        return found[0]

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        return self._card(handle).millijoules

    def nvmlDeviceGetTemperature(self, handle: str, sensor: int) -> int:  # noqa: N802
        assert sensor == 0  # NVML_TEMPERATURE_GPU
        return self._card(handle).celsius

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: str) -> int:  # noqa: N802
        if self._old:
            raise NVMLError("Function Not Found")
        return self._card(handle).reasons

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: str) -> int:  # noqa: N802
        return self._card(handle).reasons

    def nvmlDeviceGetViolationStatus(self, handle: str, policy: int) -> Any:  # noqa: N802
        known = self._card(handle).violations
        if policy not in known:
            raise NVMLError("Not Supported")
        return SimpleNamespace(referenceTime=1, violationTime=known[policy])

    def _card(self, handle: str) -> Card:
        return self.cards[handle]


class Driver:
    """libcuda: its devices are those that CUDA_VISIBLE_DEVICES leaves, in the order that CUDA_DEVICE_ORDER says."""

    def __init__(self, visible: str | None, order: str) -> None:
        all_of_them = [SLOW, FAST] if order == "PCI_BUS_ID" else [FAST, SLOW]
        self._shown: list[str] = []
        for word in ("0,1" if visible is None else visible).split(","):
            if word.isdigit() and int(word) < len(all_of_them):
                self._shown.append(all_of_them[int(word)])
            elif found := [bus for bus in all_of_them if word and UUIDS[bus].startswith(word)]:
                self._shown.append(found[0])
            else:
                break  # the first that is wrong ends the list
        self._ready = False

    def cuInit(self, flags: int) -> int:  # noqa: N802
        self._ready = flags == 0
        return 0 if self._shown else 100  # CUDA_ERROR_NO_DEVICE

    def cuDeviceGet(self, device: Any, ordinal: int) -> int:  # noqa: N802
        assert self._ready
        device._obj.value = 40 + ordinal
        return 0 if ordinal < len(self._shown) else 101

    def cuDeviceGetPCIBusId(self, text: Any, size: int, device: ctypes.c_int) -> int:  # noqa: N802
        bus = self._shown[device.value - 40].removeprefix("0000").encode()
        assert len(bus) < size
        text.value = bus
        return 0


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Nvml:
    fake = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    monkeypatch.setattr(nvidia, "_driver", lambda: Driver(None, "FASTEST_FIRST"))
    return fake


@pytest.mark.parametrize(
    ("visible", "order", "bus"),
    [
        (None, "FASTEST_FIRST", FAST), (None, "PCI_BUS_ID", SLOW), ("1", "FASTEST_FIRST", SLOW),
        ("1", "PCI_BUS_ID", FAST), ("1,0", "PCI_BUS_ID", FAST), (UUIDS[SLOW], "FASTEST_FIRST", SLOW),
        ("GPU-5c1d", "PCI_BUS_ID", FAST),
    ],
)  # fmt: skip
def test_the_gpu_is_the_one_that_cuda_computes_on(
    visible: str | None, order: str, bus: str, nvml: Nvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvidia, "_driver", lambda: Driver(visible, order))
    nvml.cards[bus].celsius = 77
    gpu = nvidia.find()
    assert (gpu.handle, gpu.temperature_c()) == (bus, 77.0)


def test_why_there_is_no_gpu(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    def why() -> str:
        with pytest.raises(nvidia.NoGpu) as caught:
            nvidia.find()
        assert energy.meter("cuda").why_not == str(caught.value)
        return str(caught.value)

    nvml.cards.clear()
    assert why() == "NVML: Not Found"
    monkeypatch.setattr(nvidia, "_driver", lambda: Driver("", "PCI_BUS_ID"))
    assert why() == "CUDA's driver shows no device (error 100)"

    def missing() -> None:
        raise OSError("libcuda.so.1: cannot open shared object file")

    monkeypatch.setattr(nvidia, "_driver", missing)
    assert why() == "no CUDA driver (libcuda.so.1)"
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert why() == "no NVML binding (pip install 'edgebench[gpu]')"


def test_the_bits_are_those_of_nvmls_binding() -> None:
    pynvml = pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    names = ("SwPowerCap", "HwSlowdown", "SwThermalSlowdown", "HwThermalSlowdown", "HwPowerBrakeSlowdown")
    assert list(nvidia.REASONS) == [getattr(pynvml, f"nvmlClocksThrottleReason{name}") for name in names]
    assert list(nvidia.POLICIES) == [pynvml.NVML_PERF_POLICY_POWER, pynvml.NVML_PERF_POLICY_THERMAL]
    assert pynvml.NVML_TEMPERATURE_GPU == nvidia.TEMPERATURE_GPU
    for function in vars(Nvml):
        assert function.startswith("_") or hasattr(pynvml, function)


@pytest.mark.parametrize("old", [False, True])
def test_what_holds_the_clocks_down_is_named(old: bool, monkeypatch: pytest.MonkeyPatch, nvml: Nvml) -> None:
    fake = Nvml(old)
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    gpu = nvidia.find()
    fake.cards[FAST].reasons = 0x1 | 0x2 | 0x10 | 0x100  # idle, chosen clocks, sync boost, display
    assert gpu.throttle_reasons() == []
    fake.cards[FAST].reasons = 0x40 | 0x4
    assert gpu.throttle_reasons() == ["software power cap", "hardware thermal slowdown"]


def test_a_cell_on_cuda_was_throttled_at_its_end(nvml: Nvml) -> None:
    before = Moment.now(steadiness.gpu_of("cuda"))
    nvml.cards[FAST].celsius = 88
    nvml.cards[SLOW].reasons = 0x40  # another GPU's heat is nobody's business
    assert before.since()["throttled"] is False
    nvml.cards[FAST].reasons = 0x20
    found = before.since()
    assert (found["throttled"], found["throttled_by"]) == (True, ["GPU: software thermal slowdown"])
    assert found["temperature_c"] == 88.0


def test_a_limit_that_held_in_between_is_seen_by_its_counter(nvml: Nvml) -> None:
    card = nvml.cards[FAST]
    card.violations = {0: 5_000}  # this GPU has no counter of the other limit
    before = Moment.now(steadiness.gpu_of("cuda"))
    assert before.since()["throttled_by"] == []
    card.violations[0] += 250_000
    assert before.since()["throttled_by"] == ["GPU: power limit"]


def test_a_gpu_that_tells_nothing_is_not_throttled(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = SimpleNamespace(
        NVMLError=NVMLError, nvmlInit=lambda: None, nvmlDeviceGetHandleByPciBusId=lambda _: "gpu"
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "pynvml", bare)
    found = Moment.now(steadiness.gpu_of("cuda")).since()
    assert (found["throttled"], found["temperature_c"]) == (False, None)
    assert energy.meter("cuda").why_not == "NVML: this GPU has no counter of energy"


def test_the_processors_cells_ask_no_gpu(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensors, "temperature_c", lambda: 55.0)
    assert steadiness.gpu_of("cpu") is None
    assert Moment.now().since()["temperature_c"] == 55.0
    assert (steadiness.temperature_c("cpu"), steadiness.temperature_c("cuda")) == (55.0, 41.0)


def test_energy_is_read_in_millijoules(nvml: Nvml) -> None:
    meter = energy.meter("cuda")
    before = meter.joules()
    nvml.cards[FAST].millijoules += 2_500
    after = meter.joules()
    assert before is not None and after is not None
    assert meter.source == "NVML, whole GPU"
    assert after - before == pytest.approx(2.5)


def test_doctor_names_the_gpus_sensors(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> dict[str, tuple[str, str]]:
        facts = {"cuda": ["NVIDIA X"], "temperature_c": None, "frequency_hz": None, "governor": ""}
        return {f.subject: (f.state, f.detail) for f in diagnosis._sensors(facts)}

    found = said()
    assert found["energy, cuda"] == ("ok", "NVML, whole GPU")
    assert found["temperature, cuda"] == ("ok", "41 °C")
    assert found["throttling, cuda"] == ("ok", "NVML's reasons and counters")
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = said()
    for sensor in ("energy", "temperature", "throttling"):
        assert found[f"{sensor}, cuda"] == ("missing", "no NVML binding (pip install 'edgebench[gpu]')")
