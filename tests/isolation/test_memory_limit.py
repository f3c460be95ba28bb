"""The bound of a process that opens a user's file."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from edgebench.isolation import memory_limit


def test_a_larger_file_may_take_more(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "b").write_bytes(bytes(2000))
    assert memory_limit.for_file(tmp_path / "b") - memory_limit.for_file(tmp_path / "a") == 1000 * memory_limit.TIMES


def test_what_exceeds_it_is_a_memory_error_and_then_it_ends() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with memory_limit.bounded(2**29), pytest.raises(MemoryError):
        bytearray(2**30)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert len(bytearray(2**28)) == 2**28
