"""How this process takes and gives back memory."""

from __future__ import annotations

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
"""Options of mallopt(3)."""


def keep_memory() -> None:
    """Let glibc keep freed memory for this process instead of giving it back to the system at once.

    Each training step and each batch of predictions frees and takes the same large arrays. Given back and taken anew,
    their pages are zeroed by the kernel each time: that was two thirds of the processor's time in the training of a
    small network. Not for processes whose time or memory is measured. Nothing happens without glibc.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        for option, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 2**26), (M_ARENA_MAX, 1)):
            libc.mallopt(option, value)
