"""The lock of a machine: measuring alone, or others together."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edgebench.fleet import machine_lock


class Tired(Exception):  # noqa: N818
    pass


def give_up() -> None:
    raise Tired


def test_builds_share_it_and_a_measurement_has_it_alone(tmp_path: Path) -> None:
    shared = machine_lock.held(tmp_path, False), machine_lock.held(tmp_path, False)
    with shared[0], shared[1], pytest.raises(Tired), machine_lock.held(tmp_path, True, give_up):
        pass
    for other in (True, False):
        with machine_lock.held(tmp_path, True), pytest.raises(Tired), machine_lock.held(tmp_path, other, give_up):
            pass
    with machine_lock.held(tmp_path, True):
        pass


def test_a_waiting_measurement_comes_before_further_builds(tmp_path: Path) -> None:
    waiting, got = threading.Event(), threading.Event()

    def measure() -> None:
        with machine_lock.held(tmp_path, True, waiting.set):
            got.set()

    with machine_lock.held(tmp_path, False):
        thread = threading.Thread(target=measure)
        thread.start()
        assert waiting.wait(5)
        with pytest.raises(Tired), machine_lock.held(tmp_path, False, give_up):
            pass
        assert not got.is_set()
    assert got.wait(5)
    thread.join()
