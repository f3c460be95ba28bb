from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from edgebench.isolation import turns


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "turns")


def test_a_worker_that_is_alone_waits_for_nobody() -> None:
    with turns.measuring("", lambda: pytest.fail("there is nobody to wait for")):
        pass


def test_each_waits_until_both_have_imported_and_then_for_the_others_end(file: str) -> None:
    events: list[str] = []

    def work(name: str, import_s: float) -> None:
        time.sleep(import_s)
        events.append(f"{name} imported")
        with turns.measuring(file, lambda: None):
            events.append(f"{name} begins")
            time.sleep(0.1)
            events.append(f"{name} ends")

    threads = [threading.Thread(target=work, args=("a", 0.0)), threading.Thread(target=work, args=("b", 0.2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(events[:2]) == ["a imported", "b imported"]
    first, second = events[2][0], events[4][0]
    assert {first, second} == {"a", "b"}
    assert events[2:] == [f"{first} begins", f"{first} ends", f"{second} begins", f"{second} ends"]


def test_a_worker_that_has_ended_is_not_waited_for(file: str) -> None:
    turns.arrive(file)
    with turns.measuring(file, lambda: pytest.fail("the other one is gone")):
        pass


def test_who_waits_says_so(file: str) -> None:
    """Else a worker that waits for one that hangs would reach its own timeout first."""
    waits: list[int] = []

    def wait() -> None:
        waits.append(len(waits))
        if len(waits) == 3:
            turns.arrive(file)

    with turns.measuring(file, wait):
        assert len(waits) == 3
