"""Calls in threads that neither the end of the process nor Ctrl-C waits for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

R = TypeVar("R")
POLL_S = 0.1


def in_threads(calls: Sequence[Callable[[], R]], workers: int, check: Callable[[], None]) -> Iterator[R]:
    """The results of the calls, as they end; the first exception of one ends all that have not begun.

    `check` is called now and then, and may raise. concurrent.futures would wait for its threads at the end of the
    process, and a thread that waits for a server cannot be interrupted.
    """
    waiting: queue.SimpleQueue[Callable[[], R]] = queue.SimpleQueue()
    ended: queue.SimpleQueue[tuple[R | None, BaseException | None]] = queue.SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                call = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                ended.put((call(), None))
            except BaseException as error:  # it is raised in the thread that asked
                stopped.set()
                ended.put((None, error))

    for call in calls:
        waiting.put(call)
    for _ in range(min(workers, len(calls))):
        threading.Thread(target=work, daemon=True).start()
    try:
        for _ in calls:
            yield _next(ended, check)
    finally:
        stopped.set()


def _next(ended: queue.SimpleQueue[tuple[R | None, BaseException | None]], check: Callable[[], None]) -> R:
    while True:
        check()
        try:
            result, error = ended.get(timeout=POLL_S)
        except queue.Empty:
            continue
        if error is not None:
            raise error
        return result  # type: ignore[return-value]
