"""The bound of a process that opens a user's file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from edgebench.isolation import memory_limit


def test_a_larger_file_may_take_more(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "b").write_bytes(bytes(2000))
    assert memory_limit.for_file(tmp_path / "b") - memory_limit.for_file(tmp_path / "a") == 1000 * memory_limit.TIMES


EXCEED = """
import resource
from edgebench.isolation import memory_limit

before = resource.getrlimit(resource.RLIMIT_DATA)
try:
    with memory_limit.bounded(2**29):
        bytearray(2**30)
except MemoryError:
    print("memory error")
assert resource.getrlimit(resource.RLIMIT_DATA) == before
print(len(bytearray(2**28)))
"""
"""For a process of its own: one that has freed a gigabyte may take it again within any bound."""


def test_what_exceeds_it_is_a_memory_error_and_then_it_ends() -> None:
    done = subprocess.run([sys.executable, "-c", EXCEED], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["memory error", str(2**28)]
