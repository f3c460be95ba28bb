"""Calls in threads that end with the process."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial

import pytest

from edgebench.data.fetching.threads import in_threads


def nothing() -> None:
    """No check."""


def test_all_results_and_no_more_threads_than_asked() -> None:
    seen: set[int] = set()

    def square(number: int) -> int:
        seen.add(threading.get_ident())
        return number**2

    assert sorted(in_threads([partial(square, n) for n in range(50)], 3, nothing)) == [n**2 for n in range(50)]
    assert 1 <= len(seen) <= 3 and list(in_threads([], 3, nothing)) == []


def test_the_first_failure_ends_what_has_not_begun() -> None:
    called: list[int] = []

    def fail(number: int) -> None:
        called.append(number)
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="0"):
        list(in_threads([partial(fail, n) for n in range(1000)], 1, nothing))
    assert len(called) < 1000


def test_the_check_ends_a_call_that_hangs() -> None:
    release = threading.Event()

    def late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        list(in_threads([release.wait], 1, late))
    release.set()


def test_the_process_does_not_wait_for_a_thread_that_hangs() -> None:
    code = """
import threading
from edgebench.data.fetching.threads import in_threads
def interrupt(): raise KeyboardInterrupt
try: list(in_threads([threading.Event().wait], 1, interrupt))
except KeyboardInterrupt: print("interrupted")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "interrupted\n"
