from __future__ import annotations

import os
import time

import psutil
import pytest
from child_modules import HANGS, ChildMaker, gone

from edgebench.isolation import forking
from edgebench.isolation.forking import ForkServer
from edgebench.isolation.process import ChildError, ask

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="fork servers are for Linux")


def test_children_end_with_the_server(child: ChildMaker) -> None:
    own = ForkServer(())
    answers = ask(child(HANGS), {}, 60, server=own)
    pid = next(answers)["pid"]
    own.stop()
    with pytest.raises(ChildError):
        next(answers)
    assert gone(pid)


def test_without_its_server_a_child_is_started(child: ChildMaker) -> None:
    broken = ForkServer(("no_such_library",))
    assert list(ask(child("yield {'answer': 1}"), {}, 30, server=broken)) == [{"answer": 1}]


def test_nothing_is_left_and_the_outer_one_serves_within() -> None:
    assert forking.current() is None
    with forking.available():
        outer = forking.current()
        with forking.available():
            assert forking.current() is outer is not None
        before = set(psutil.Process().children())
        outer.socket()
        (process,) = set(psutil.Process().children()) - before
    assert forking.current() is None
    end = time.monotonic() + 30
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
        time.sleep(0.05)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
