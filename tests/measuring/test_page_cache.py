from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path

import pytest

from edgebench.measuring.page_cache import cached_pages, evict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def test_a_file_is_put_out_of_the_page_cache(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(os.urandom(3_000_000))
    whole = -(-3_000_000 // mmap.PAGESIZE)
    assert cached_pages(path) == whole  # it was just written
    if not evict(path):
        pytest.skip("this folder is in memory: there is no disk to evict to")
    assert cached_pages(path) == 0
    path.read_bytes()
    assert cached_pages(path) == whole


def test_a_file_in_memory_stays(tmp_path: Path) -> None:
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        pytest.skip("no tmpfs to write to")
    path = shared / f"edgebench-test-{os.getpid()}"
    try:
        path.write_bytes(os.urandom(100_000))
        assert not evict(path)
    finally:
        path.unlink(missing_ok=True)
