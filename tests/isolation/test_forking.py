from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from child_modules import HANGS, ChildMaker, gone

from edgebench.isolation import forking
from edgebench.isolation.forking import ForkServer
from edgebench.isolation.process import ChildError, ask

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="fork servers are for Linux")


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """A server with one library, so that it starts at once."""
    made = ForkServer(("colorsys",))
    yield made
    made.stop()


def test_a_child_has_its_libraries_and_is_else_as_one_that_was_started(
    server: ForkServer, child: ChildMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = """
        yield {
            'imported': 'colorsys' in sys.modules, 'variable': os.environ.get('NEW'), 'folder': os.getcwd(),
            'path': sys.path[0], 'leads': os.getsid(0) == os.getpid(), 'got': request,
        }
    """
    module = child(code)
    monkeypatch.chdir(tmp_path)
    (forked,) = ask(module, {"x": 1}, 30, {"NEW": "1"}, server=server)
    (started,) = ask(module, {"x": 1}, 30, {"NEW": "1"})
    assert forked.pop("imported") and not started.pop("imported")
    assert forked == started


def test_its_end_is_that_of_the_child(server: ForkServer, child: ChildMaker) -> None:
    def failure(code: str) -> ChildError:
        with pytest.raises(ChildError) as caught:
            list(ask(child(code), {}, 30, server=server))
        return caught.value

    assert str(failure("raise RuntimeError('the model is broken')")) == "RuntimeError: the model is broken"
    assert str(failure("os._exit(7)")) == "the process ended with status 7"
    assert "SIGSEGV" in str(failure("os.kill(os.getpid(), signal.SIGSEGV)\ntime.sleep(60)"))


def test_a_hang_ends_the_child(server: ForkServer, child: ChildMaker) -> None:
    module = child(HANGS)
    answers = ask(module, {}, 1, server=server)
    pid = next(answers)["pid"]
    with pytest.raises(ChildError) as caught:
        next(answers)
    assert caught.value.timeout and gone(pid)


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
