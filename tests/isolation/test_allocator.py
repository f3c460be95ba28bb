"""Freed memory stays with the process that asked for it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import resource, sys
import numpy as np
from edgebench.isolation.allocator import keep_memory

if sys.argv[1] == "kept":
    keep_memory()
for _ in range(20):
    np.ones(64 * 2**20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(64 * 2**20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_large_arrays_are_taken_again_without_page_faults() -> None:
    """Above 32 MB glibc always gives memory back. A page may be a huge one, so what is counted is compared."""
    assert faults("kept") < faults("given back") / 10
