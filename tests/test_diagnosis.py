"""What this machine can run, for machines that are described by hand."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from helpers import PluginMaker

from edgebench import diagnosis
from edgebench.core import registry
from edgebench.core.errors import UnknownPlugin
from edgebench.measuring import energy, environment, sensors, steadiness
from edgebench.models import store

FACTS: dict[str, Any] = {
    "architecture": "x86_64", "cpu": "A processor", "board": "", "cores": 2, "threads": 4, "memory_bytes": 8e9,
    "instruction_sets": ["avx2", "avx512_vnni"], "virtual": False, "emulator": "", "cuda": [],
    "governor": "performance", "frequency_hz": 2.4e9, "temperature_c": 41.0, "load_average": 0.5,
}  # fmt: skip


def test_this_machine_is_described() -> None:
    found = diagnosis.doctor()
    assert found.facts["architecture"] == environment.architecture()
    assert {f.subject for f in found.runtimes} == {
        f"{name} on {device}" for name in registry.names("runtimes") for device in ("cpu", "cuda")
    }
    assert {f.state for f in (*found.runtimes, *found.targets)} <= {"ok", "missing", "emulated", "unsupported"}
    assert next(f for f in found.targets if f.subject == "host").state == "ok"
    assert "none" not in found.engines and {"fbgemm", "qnnpack"} & set(found.engines)


def test_targets_of_other_processors_are_emulated() -> None:
    states = {f.subject: f for f in diagnosis._targets(FACTS)}
    assert (states["x86-cpu"].state, states["raspberry-pi-5"].state) == ("ok", "emulated")
    assert states["cuda"].state == "unsupported" and states["cuda"].detail
    pi = {**FACTS, "architecture": "aarch64", "board": "Raspberry Pi 5 Model B Rev 1.0"}
    states = {f.subject: f for f in diagnosis._targets(pi)}
    assert (states["raspberry-pi-5"].state, states["raspberry-pi-4"].state) == ("ok", "emulated")
    assert "Raspberry Pi 5 Model B" in states["raspberry-pi-4"].detail


def test_on_an_emulated_machine_every_target_is_emulated() -> None:
    found = diagnosis._targets({**FACTS, "emulator": "qemu-x86_64 on ARM"})
    assert {f.state for f in found if f.subject in ("host", "x86-cpu")} == {"emulated"}
    assert any("qemu-x86_64 on ARM" in f.detail for f in found)


def test_cuda_is_missing_without_a_device() -> None:
    found = {f.subject: f for f in diagnosis._runtimes(FACTS)}
    assert {f.state for name, f in found.items() if name.endswith("cuda")} == {"missing"}
    assert all(f.detail for f in found.values() if f.state == "missing")


def test_what_is_to_be_removed_is_said_of_the_format_that_works() -> None:
    found = {f.subject: f for f in diagnosis._runtimes(FACTS)}
    assert found["torchscript on cpu"].state == "ok" and "torch.ao.quantization" in found["torchscript on cpu"].detail
    assert not found["onnx on cpu"].detail


def sensors_of(facts: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {f.subject: (f.state, f.detail) for f in diagnosis._sensors(facts)}


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process, no sensor."""
    monkeypatch.setattr(steadiness, "others", lambda seconds: 0.0)
    monkeypatch.setattr(energy, "meter", lambda device: energy.Meter("", lambda: None, f"no counter of {device}"))
    monkeypatch.setattr(energy, "watts", lambda: None)
    monkeypatch.setattr(sensors, "throttle_counters", lambda: "")


@pytest.mark.usefixtures("quiet")
def test_sensors_that_are_missing_have_a_reason() -> None:
    found = sensors_of({**FACTS, "temperature_c": None, "frequency_hz": None})
    assert {name for name, (state, _) in found.items() if state == "missing"} == {
        "energy, cpu", "temperature", "frequency", "throttling",
    }  # fmt: skip
    assert found["energy, cpu"][1] == "no counter of cpu" and all(detail for _, detail in found.values())


@pytest.mark.usefixtures("quiet")
def test_sensors_that_are_there_say_what_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "watts", lambda: 5.0)
    monkeypatch.setattr(sensors, "throttle_counters", lambda: "vcgencmd get_throttled")
    found = sensors_of(FACTS)
    assert {state for state, _ in found.values()} == {"ok"}
    assert found["temperature"][1] == "41 °C" and "2.40 GHz" in found["frequency"][1]
    assert "performance" in found["frequency"][1] and found["throttling"][1] == "vcgencmd get_throttled"
    assert "PMIC" in found["energy, cpu"][1], "a Pi has no counter, but its power can be sampled"


@pytest.mark.usefixtures("quiet")
def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steadiness, "others", lambda seconds: 1.5)
    state, detail = sensors_of(FACTS)["load of others"]
    assert state == "busy" and "1.5" in detail


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, []),
        ({"instruction_sets": ["avx2"]}, ["VNNI"]),
        ({"architecture": "aarch64", "instruction_sets": ["asimd"]}, ["dot-product"]),
        ({"architecture": "aarch64", "instruction_sets": ["asimd", "asimddp"]}, []),
        ({"governor": "powersave"}, ["'powersave'"]),
        ({"governor": ""}, []),
        ({"emulator": "qemu-aarch64 on x86", "virtual": True}, ["qemu-aarch64 on x86", "virtual machine"]),
        ({"load_average": 2.0}, []),
        ({"load_average": 2.1}, ["2.1"]),
    ],
)
def test_advice_follows_from_the_facts(changes: dict[str, Any], named: list[str]) -> None:
    found = diagnosis._advice({**FACTS, **changes})
    assert len(found) == len(named) and all(name in line for name, line in zip(named, found, strict=True))


def test_without_torch_there_is_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert diagnosis._engines() == []


def test_every_plugin_has_a_line() -> None:
    found = diagnosis.plugins()
    assert list(found) == [*registry.KINDS, "targets"]
    assert {kind: set(names) for kind, names in found.items() if kind != "targets"} == {
        kind: set(registry.names(kind)) for kind in registry.KINDS
    }
    assert all(line and "\n" not in line for names in found.values() for line in names.values())


def test_one_kind_is_listed_alone_and_an_unknown_one_is_refused() -> None:
    assert list(diagnosis.plugins("targets")) == ["targets"]
    with pytest.raises(UnknownPlugin, match="renderer"):
        diagnosis.plugins("pictures")


def test_models_have_their_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = store.described("resnet1d").scores["fold10"]
    assert f"{scores.metrics['macro_f1']:.3f}" in diagnosis.plugins("models")["models"]["resnet1d"]
    monkeypatch.setattr(store, "shipped", lambda: [])
    assert "edgebench train resnet1d" in diagnosis.plugins("models")["models"]["resnet1d"]


def test_a_plugin_that_cannot_be_loaded_says_why(plugin: PluginMaker) -> None:
    plugin("broken_plugin", "import a_package_that_nobody_has", "[edgebench.renderers]\nbroken = broken_plugin:R\n")
    assert "a_package_that_nobody_has" in diagnosis.plugins("renderers")["renderers"]["broken"]


def test_the_list_imports_no_heavy_package() -> None:
    import subprocess

    code = (
        "import sys; from edgebench.diagnosis import plugins; plugins('models'); plugins('targets');"
        "print(sorted({'torch', 'timm', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
