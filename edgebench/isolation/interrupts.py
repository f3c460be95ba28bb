"""Ctrl-C and SIGTERM are remembered, so that no library can lose or disguise one.

A library may swallow a KeyboardInterrupt, or be cut off within an import and then fail with an error of its own. What
comes after the signal is therefore an interrupt, whatever it is: see `kept`, `check` and `run`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

STATUS = 130
"""Exit status of a command that was interrupted."""
LIMIT_S = 1.5
"""What a process may take to end by itself, where a library gives it no chance to."""
GROUP_S = 0.3
"""How much later a signal to a whole group of processes may come here than to a child."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
at_last: list[Callable[[], object]] = []
"""What an interrupted process does before it ends."""
_came, _shown = threading.Event(), threading.Event()
_after: list[Callable[[], str]] = []


def came() -> bool:
    """Whether this process was interrupted while it remembers."""
    return _came.is_set()


def check() -> None:
    """Raise KeyboardInterrupt where this process was interrupted: a library may have swallowed the first one."""
    if _came.is_set():
        raise KeyboardInterrupt


def check_soon() -> None:
    """`check`, also for a signal that is on its way: a child was ended by one, maybe with all its group."""
    _came.wait(GROUP_S)
    check()


@contextmanager
def kept() -> Iterator[None]:
    """Where the process was interrupted, make a KeyboardInterrupt of whatever the block raises or returns.

    What a command line raises to end with status 130 passes.
    """
    try:
        yield
    except BaseException as error:
        if not came() or STATUS in (getattr(error, "exit_code", None), getattr(error, "code", None)):
            raise
        raise KeyboardInterrupt from None
    check()


@contextmanager
def saying(after: Callable[[], str]) -> Iterator[None]:
    """While the block runs, `after` says how to go on after an interrupt."""
    _after.append(after)
    try:
        yield
    finally:
        _after.pop()


def text(after: Callable[[], str] | None = None) -> str:
    """The line on an interrupt; it is taken to be shown now."""
    _shown.set()
    return f"interrupted; {after()}" if after else "interrupted"


@contextmanager
def remembered() -> Iterator[None]:
    """While the block runs, remember the signals; each raises KeyboardInterrupt. In other threads nothing happens.

    SIGINT stays ignored where it is, as in what a script starts in the background.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is _remember:
        yield
        return
    taken = [number for number in SIGNALS if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN]
    _shown.clear()
    before = {number: signal.signal(number, _remember) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        _came.clear()
        _shown.clear()


def _remember(*_: object) -> None:
    _came.set()
    raise KeyboardInterrupt


def run(command: Callable[[], object]) -> None:
    """Run the whole command of this process; after an interrupt it ends with status 130, within LIMIT_S.

    It does not return then, and Python does not take torch down, which may take seconds.
    """
    with remembered(), _limited():
        try:
            command()
        except KeyboardInterrupt:
            if not came():
                sys.exit(STATUS)
        except BaseException:
            if not came():
                raise
        if came():
            with contextlib.suppress(KeyboardInterrupt):  # a second one
                _do_last()
                if not _shown.is_set():
                    print(text(), file=sys.stderr)
                for stream in (sys.stdout, sys.stderr):
                    with contextlib.suppress(OSError, ValueError):
                        stream.flush()
            os._exit(STATUS)


@contextmanager
def _limited() -> Iterator[None]:
    """Watch for the signals in a thread: Python itself notices none while a library computes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)  # which ends the thread


def _watch(pipe: int) -> None:
    while numbers := os.read(pipe, 64):
        if set(numbers) & set(SIGNALS):
            _came.set()
            time.sleep(LIMIT_S)
            _end()
    os.close(pipe)


def _do_last() -> None:
    for action in at_last:
        with contextlib.suppress(Exception):
            action()


def _end() -> NoReturn:
    """End at the limit: files have their names only when they are whole, and the next process removes the others."""
    _do_last()
    with contextlib.suppress(Exception):
        if not _shown.is_set() and select.select([], [2], [], 0)[1]:
            shown = "\x1b[?25h\n" if os.isatty(2) else ""  # the cursor, which progress bars hide
            os.write(2, f"{shown}{text(_after[-1] if _after else None)}\n".encode(errors="replace"))
    os._exit(STATUS)
