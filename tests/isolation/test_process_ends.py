"""When a child is ended: its asker leaves, fails, gets the order to end all, or dies."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator

import psutil
import pytest
from child_modules import HANGS, ChildMaker, gone

from edgebench.isolation import process
from edgebench.isolation.process import ChildError, ask

PARENT = """
from edgebench.isolation.process import ask
for answer in ask('child_module', {}, 60):
    print(answer['pid'], flush=True)
"""


def test_leaving_early_ends_the_child(child: ChildMaker) -> None:
    answers = ask(child(HANGS), {}, 30)
    pid = next(answers)["pid"]
    assert isinstance(answers, Generator)
    answers.close()
    assert not psutil.pid_exists(pid)


def test_end_children_wakes_the_thread_that_waits(child: ChildMaker) -> None:
    said: list[object] = []
    started = threading.Event()

    def wait() -> None:
        try:
            for answer in ask(child(HANGS), {}, 60):
                said.append(answer)
                started.set()
        except ChildError as error:
            said.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    assert started.wait(30)
    process.end_children()
    thread.join(10)
    assert not thread.is_alive() and len(said) == 2 and "SIGKILL" in str(said[1])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has gone")
def test_a_child_dies_with_its_parent(child: ChildMaker) -> None:
    child(HANGS)
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        try:
            assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
            parent.send_signal(signal.SIGKILL)
            parent.wait(10)
            assert gone(pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_parent_that_is_process_1_is_alive(child: ChildMaker) -> None:
    """As in a container whose only command is edgebench."""
    apart = ["unshare", "--pid", "--fork", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("a process of number 1 needs unshare and root")
    child("yield {'pid': os.getppid()}")
    done = subprocess.run([*apart, sys.executable, "-c", PARENT], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_block_that_fails_ends_the_children_of_its_threads(child: ChildMaker) -> None:
    module = child(HANGS)
    said: list[dict[str, object]] = []

    def wait() -> None:
        try:
            said.extend(ask(module, {}, 100))
        except ChildError as error:
            said.append({"error": str(error)})

    def interrupted() -> None:
        with process.waiting(2) as pool:
            for _ in range(6):
                pool.submit(wait)
            raise KeyboardInterrupt  # while the first two are starting

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 20 and not process._running
