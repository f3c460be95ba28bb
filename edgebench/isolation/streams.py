"""What a child or ssh writes, bounded in bytes and in time."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

LINE_BYTES = 32 * 2**20
"""The longest line of a child."""
KEPT_BYTES = 1 << 15
"""What is kept of the beginning of a log, and of its end."""
LOG_BYTES = 256 * 2**20
"""A process that writes more than this to its standard error is ended."""
PIECE = 1 << 16


class LineTooLong(Exception):  # noqa: N818 - never shown by itself
    """A line is longer than any that is expected."""


def lines(stream: IO[bytes], timeout_s: float, longest: int = LINE_BYTES) -> Iterator[bytes]:
    """The lines of a pipe; TimeoutError where the next one is not whole in time, LineTooLong."""
    begun = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        deadline = time.monotonic() + timeout_s
        while True:
            left_s = deadline - time.monotonic()  # also where bytes without an end of line come all the time
            if left_s <= 0 or not selector.select(left_s):
                raise TimeoutError
            part = os.read(stream.fileno(), PIECE)
            if not part:
                return
            first, *others = part.split(b"\n")
            begun += first
            if len(begun) > longest:
                raise LineTooLong
            for other in others:
                yield bytes(begun)
                begun = bytearray(other)
                deadline = time.monotonic() + timeout_s


def send(stream: IO[bytes], data: bytes, timeout_s: float) -> None:
    """Write to a pipe; raises TimeoutError where its reader takes nothing for so long, BrokenPipeError."""
    pipe, left = stream.fileno(), memoryview(data)
    os.set_blocking(pipe, False)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_WRITE)
        while left:
            if not selector.select(timeout_s):
                raise TimeoutError
            left = left[os.write(pipe, left) :]


class Log:
    """The standard error of a process, read by a thread so that its writer never waits: its beginning and its end."""

    def __init__(self, stream: IO[bytes], flooded: Callable[[], object]) -> None:
        """`flooded` is called when more than LOG_BYTES have come; it ends the process."""
        self._stream, self._ended_by = stream, flooded
        self._head, self._tail, self._bytes = b"", b"", 0
        self.flooded = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What was written, after the process has ended."""
        self._thread.join(1)  # a process that the ended one left behind may hold the stream open
        cut = self._bytes - len(self._head) - len(self._tail)
        between = f"\n… {cut} bytes are left out …\n".encode() if cut else b""
        return (self._head + between + self._tail).decode(errors="replace")

    def last(self) -> str:
        """The last line with any text, of 300 characters at most; empty without one."""
        found = [line.strip() for line in self.text().splitlines() if line.strip()]
        return found[-1][:300] if found else ""

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._stream as stream:
            while part := os.read(stream.fileno(), PIECE):
                self._bytes += len(part)
                room = KEPT_BYTES - len(self._head)
                self._head += part[:room]
                self._tail = (self._tail + part[room:])[-KEPT_BYTES:]
                if self._bytes > LOG_BYTES and not self.flooded:
                    self.flooded = True
                    self._ended_by()
