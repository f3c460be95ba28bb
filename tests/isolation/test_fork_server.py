from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_modules import HANGS, ChildMaker, gone

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
    assert "SIGKILL" in str(failure("pass\nos.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(60)"))
    assert "SIGSEGV" in str(failure("os.kill(os.getpid(), signal.SIGSEGV)\ntime.sleep(60)"))


def test_a_hang_ends_the_child(server: ForkServer, child: ChildMaker) -> None:
    module = child(HANGS)
    answers = ask(module, {}, 1, server=server)
    pid = next(answers)["pid"]
    with pytest.raises(ChildError) as caught:
        next(answers)
    assert caught.value.timeout and gone(pid)
