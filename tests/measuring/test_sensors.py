"""Temperature, clock and throttling as sysfs and a Raspberry Pi's firmware have them, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.measuring import sensors


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty sysfs, and no firmware."""
    monkeypatch.setattr(sensors, "CPU", tmp_path / "cpu")
    monkeypatch.setattr(sensors, "THERMAL", tmp_path / "thermal")
    monkeypatch.setattr(sensors, "VCGENCMD", tmp_path / "vcgencmd")
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def firmware(system: Path, script: str) -> None:
    put(system / "vcgencmd", f"#!/bin/sh\n{script}\n")
    (system / "vcgencmd").chmod(0o755)


def test_a_system_that_shows_nothing() -> None:
    assert (sensors.frequency_hz(), sensors.temperature_c()) == (None, None)
    assert (sensors.throttle_events(), sensors.throttle_counters(), bool(sensors.throttled_bits())) == (0, "", False)


def test_the_clock_is_in_hertz(system: Path) -> None:
    put(system / "cpu/cpu0/cpufreq/scaling_cur_freq", "2400000\n")
    assert sensors.frequency_hz() == 2.4e9


def test_the_temperature_is_that_of_the_hottest_zone(system: Path) -> None:
    for number, text in enumerate(("41500\n", "-5000\n", "56250\n", "N/A\n", "")):
        put(system / f"thermal/thermal_zone{number}/temp", text)
    put(system / "thermal/cooling_device0/temp", "99000\n")
    (system / "thermal/thermal_zone9").mkdir()
    assert sensors.temperature_c() == 56.25


def test_events_of_throttling_add_up(system: Path) -> None:
    for core, kind, text in ((0, "core", "3\n"), (0, "package", "2\n"), (1, "core", "4\n"), (2, "core", "x\n")):
        put(system / f"cpu/cpu{core}/thermal_throttle/{kind}_throttle_count", text)
    put(system / "cpu/cpu0/thermal_throttle/core_throttle_total_time_ms", "1000\n")
    assert sensors.throttle_events() == 9
    assert sensors.throttle_counters() == "Intel's counters"


@pytest.mark.parametrize(
    ("said", "throttled"),
    [
        ("throttled=0x0", False), ("throttled=0x1", False), ("throttled=0x2", True), ("throttled=0x4", True),
        ("throttled=0x8", True), ("throttled=0x50000", False), ("throttled=0x50005", True),
        ("error", False), ("", False),
    ],
)  # fmt: skip
def test_a_pi_says_whether_it_is_slowed_down_now(system: Path, said: str, throttled: bool) -> None:
    """Bit 0 is a low voltage alone, and bits from 16 on are of the past."""
    firmware(system, f'[ "$1" = get_throttled ] && echo "{said}"')
    bits = sensors.throttled_bits()
    assert sensors.slowed_down(bits, bits) is throttled
    assert sensors.throttle_counters() == "vcgencmd get_throttled"


def test_firmware_that_cannot_be_run_says_nothing(system: Path) -> None:
    put(system / "vcgencmd", "no program")
    assert sensors.throttled_bits() == 0
    firmware(system, "exit 1")
    assert sensors.throttled_bits() == 0


def test_texts_of_the_system_are_read_without_blanks(system: Path) -> None:
    put(system / "x", " performance \n")
    assert sensors.read_text(system / "x") == "performance"
    (system / "x").write_bytes(b"caf\xe9")
    assert sensors.read_text(system / "x") == "caf\ufffd"
    assert sensors.read_text(system / "none") == sensors.read_text(system) == ""
