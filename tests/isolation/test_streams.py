"""What children write has an end, in bytes and in time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO

import pytest
from helpers import PluginMaker

from edgebench.isolation import streams
from edgebench.isolation.process import ChildError, ask
from edgebench.isolation.streams import LineTooLong, Log, lines

HANDLER = (
    "import os, sys, time\nfrom edgebench.isolation.child import answer_with\n"
    "def handle(request):\n    {body}\n    yield {{'status': 'ok'}}\n"
    "if __name__ == '__main__':\n    answer_with(handle)\n"
)


@pytest.fixture
def writer() -> Iterator[Callable[[str], IO[bytes]]]:
    """The standard output of a program that writes without end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> IO[bytes]:
        child = subprocess.Popen([sys.executable, "-c", f"import os, time\n{code}"], stdout=subprocess.PIPE)
        started.append(child)
        assert child.stdout
        return child.stdout

    yield start
    for child in started:
        child.kill()
        child.wait()
        assert child.stdout
        child.stdout.close()


def test_lines_come_whole(writer: Callable[[str], IO[bytes]]) -> None:
    text = b"one\n\n" + b"x" * 200_000 + b"\nlast\nno end"
    found = writer(f"os.write(1, b'one\\n\\n' + b'x' * {200_000} + b'\\nlast\\nno end')")
    assert list(lines(found, 30)) == text.split(b"\n")[:-1]


def test_a_line_without_end_is_refused(writer: Callable[[str], IO[bytes]]) -> None:
    with pytest.raises(LineTooLong):
        next(lines(writer("while True: os.write(1, b'x' * 65536)"), 60, 1 << 20))


def test_bytes_that_come_all_the_time_do_not_put_off_the_timeout(writer: Callable[[str], IO[bytes]]) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        next(lines(writer("while True:\n  os.write(1, b'x'); time.sleep(0.01)"), 1))
    assert time.monotonic() - began < 20


def test_a_log_keeps_its_beginning_and_its_end() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "print('first'); print('x' * 1_000_000); print('\\nlast\\n')"], stdout=subprocess.PIPE
    )
    assert child.stdout
    log = Log(child.stdout, child.kill)
    child.wait()
    text = log.text()
    assert text.startswith("first\nx") and log.last() == "last" and not log.flooded
    assert len(text) < 3 * streams.KEPT_BYTES and "bytes are left out" in text


def test_a_short_log_is_whole() -> None:
    read, write = os.pipe()
    os.write(write, b"all of\nit")
    os.close(write)
    assert Log(os.fdopen(read, "rb"), lambda: None).text() == "all of\nit"


def test_a_child_that_floods_its_standard_error_is_ended(plugin: PluginMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOG_BYTES", 1 << 20)
    plugin("flooding", HANDLER.format(body="while True: os.write(2, b'noise\\n' * 10_000)"), "")
    with pytest.raises(ChildError, match=r"standard error.*last said") as caught:
        list(ask("flooding", {}, 60))
    assert not caught.value.timeout


def test_much_standard_error_is_no_fault(plugin: PluginMaker) -> None:
    plugin("chatty", HANDLER.format(body="os.write(2, b'x' * 3_000_000)"), "")
    assert list(ask("chatty", {}, 60)) == [{"status": "ok"}]


def test_a_child_whose_answer_has_no_end_is_ended(plugin: PluginMaker) -> None:
    plugin("endless", HANDLER.format(body="yield {'text': 'x' * 40_000_000}"), "")
    with pytest.raises(ChildError, match="no end"):
        list(ask("endless", {}, 60))


def test_a_child_that_does_not_read_its_request_is_ended(plugin: PluginMaker) -> None:
    """A request of any size: a pipe takes 64 kB."""
    plugin("deaf", "import time\ntime.sleep(120)\n", "")
    began = time.monotonic()
    with pytest.raises(ChildError) as caught:
        list(ask("deaf", {"text": "x" * 1_000_000}, 1))
    assert caught.value.timeout and time.monotonic() - began < 30
