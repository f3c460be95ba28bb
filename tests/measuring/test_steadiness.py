from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgebench.measuring import sensors, steadiness
from edgebench.measuring.steadiness import Moment

BURN = "while True: pass"


def test_another_process_is_seen_and_this_one_is_not() -> None:
    def look(seconds: float) -> float:
        before, end = Moment.now(), time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass
        return float(before.since()["background_cores"])

    alone = look(0.5)
    other = subprocess.Popen([sys.executable, "-c", BURN])
    try:
        time.sleep(0.3)
        beside = look(1.0)
    finally:
        other.kill()
        other.wait()
    assert beside > alone + 0.3 or alone > 0.7  # a machine that is full already shows no more


def test_looking_at_the_load_takes_the_time_that_it_is_given() -> None:
    began = time.perf_counter()
    found = steadiness.others(0.3)
    assert time.perf_counter() - began >= 0.3
    assert 0 <= found <= len(steadiness.cores()) + 0.1


def test_throttling_during_the_loop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([3, 3, 3, 4])
    monkeypatch.setattr(sensors, "throttle_events", lambda: next(counts))
    assert Moment.now().since()["throttled"] is False
    assert Moment.now().since()["throttled"] is True


@pytest.mark.parametrize(
    ("before", "after", "throttled"),
    [
        ("0x0", "0x0", False),
        ("0x0", "0x50000", True),  # throttled during the loop, and no longer
        ("0x50000", "0x50000", False),  # before the loop
        ("0x50000", "0x70000", True),  # and capped during it
        ("0x0", "0x10000", False),  # low voltage slows nothing down by itself
        ("0x0", "0x80000", True),
        ("0x50000", "0x50004", True),  # now
        ('error=1 error_msg="Command not registered"', "", False),
    ],
)
def test_a_raspberry_pi_tells_of_throttling_in_the_loop(
    before: str, after: str, throttled: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said, command = tmp_path / "said", tmp_path / "vcgencmd"
    command.write_text(f"#!/bin/sh\n[ $1 = get_throttled ] && cat {said}\n")
    command.chmod(0o755)
    monkeypatch.setattr(sensors, "VCGENCMD", command)
    said.write_text(f"throttled={before}\n")
    moment = Moment.now()
    said.write_text(f"throttled={after}\n")
    found = moment.since()
    assert found["throttled"] is throttled
    assert found["throttled_by"] == (["processor: heat or low voltage"] if throttled else [])
    assert Moment.now().since()["throttled"] is (after == "0x50004"), "the next process's loop is another one"


def test_cooling_down_waits_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    temperatures = iter([71.0, 66.0, 59.0])
    monkeypatch.setattr(sensors, "temperature_c", lambda: next(temperatures))
    monkeypatch.setattr(steadiness, "POLL_S", 0.01)
    said: list[str] = []
    assert steadiness.cool_down(60, 30, said.append)
    assert [line.partition(", ")[0] for line in said] == ["cooling down: 71 °C", "cooling down: 66 °C"]
    assert said[0] == "cooling down: 71 °C, wanted 60 °C, 30 s at most"


def test_cooling_down_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steadiness, "POLL_S", 0.01)
    monkeypatch.setattr(sensors, "temperature_c", lambda: 90.0)
    assert not steadiness.cool_down(60, 0.05, lambda _: None)
    monkeypatch.setattr(sensors, "temperature_c", lambda: None)
    assert not steadiness.cool_down(60, 30, lambda _: None)
