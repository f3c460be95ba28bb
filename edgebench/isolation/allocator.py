"""How this process allocates and releases memory."""

from __future__ import annotations

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
"""Options of mallopt(3)."""


def keep_memory() -> None:
    """Let glibc keep freed memory for this process instead of giving it back to the system at once.

    Each training step and each batch of predictions allocates and frees the same large arrays. If they return to the
    system, the kernel zeroes their pages each time: that was two thirds of the processor's time in the training of a
    small network. Do not call it in processes whose time or memory is measured. Without glibc nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        for option, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 2**26), (M_ARENA_MAX, 1)):
            libc.mallopt(option, value)
