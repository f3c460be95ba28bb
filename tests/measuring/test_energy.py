"""Energy from counters that are files and programs made here: no machine of the tests has real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.measuring import energy, sensors

PMIC = """   3V7_WL_SW_A current(0)=0.10000000A
   VDD_CORE_A current(7)=2.00000000A
   EXT5V_V volt(24)=5.10000000V
   3V7_WL_SW_V volt(8)=3.70000000V
   VDD_CORE_V volt(15)=0.90000000V
"""


def zone(home: Path, name: str, microjoules: int, of: str = "package-0") -> Path:
    folder = home / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{of}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text("1000000\n")
    return folder


def test_rapl_sums_packages_and_survives_a_counters_wrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = zone(tmp_path, "intel-rapl:0", 900_000), zone(tmp_path, "intel-rapl:1", 100)
    zone(tmp_path, "intel-rapl:0:0", 5, of="core")  # a part of a package must not count twice
    zone(tmp_path, "intel-rapl:2", 5, of="psys")  # nor must the platform that contains it
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    meter = energy.meter("cpu")
    assert (meter.source, meter.joules()) == ("RAPL, whole package", 0.0)
    (first / "energy_uj").write_text("100000")
    (second / "energy_uj").write_text("300100")
    assert meter.joules() == pytest.approx(0.2 + 0.3)
    (first / "energy_uj").write_text("150000")
    assert meter.joules() == pytest.approx(0.55)


def test_no_counter_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    meter = energy.meter("cpu")
    assert (meter.source, meter.joules()) == ("", None)
    assert meter.why_not.startswith("no RAPL counter")


def test_a_pis_rails_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert energy.power_of(PMIC) == pytest.approx(0.1 * 3.7 + 2.0 * 0.9)
    assert energy.power_of("") is None
    assert energy.sampled(lambda _: None) == {}  # this is no Raspberry Pi 5
    program = tmp_path / "vcgencmd"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{PMIC}END\n")
    program.chmod(0o755)
    monkeypatch.setattr(energy, "VCGENCMD", str(program))
    monkeypatch.setattr(energy, "SAMPLED_S", 0.1)
    monkeypatch.setattr(sensors, "board", lambda: "Raspberry Pi 5 Model B Rev 1.0")
    done: list[int] = []
    found = energy.sampled(done.append)
    assert found["energy_source"] == "PMIC, whole board's rails"
    # Predictions that take no time at all: 2.17 W over a tenth of a second, shared by all of them.
    assert 0 < found["energy_j"] * len(done) <= 2.17 * 0.2
