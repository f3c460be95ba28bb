"""Ctrl-C ends every command within two seconds of its own work, and leaves no process behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import ssh_server
from hostile import device
from ssh_server import Server

BRIEF = ("--processes", "20", "--min-seconds", "2", "--threads", "1")
WITHIN_S = 2.0
"""What a person waits for."""
STARTED_S = 0.5
"""Processor time of a process that is past the start of Python, which answers a signal in its own way."""
SLACK_S = 2.0
"""What a machine that does other work at the same time may take longer; a process ends itself at `interrupts.LIMIT_S`,
also where it computes."""


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-P", "-m", "edgebench", *map(str, arguments)]
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "COLUMNS": "120"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # the tests may run in the background
    )  # fmt: skip


def interrupted(child: subprocess.Popen[str], after_s: float, at_work: bool = False) -> tuple[float, str]:
    """Press Ctrl-C a while after Python has started; returns the seconds until the end, and what was said.

    One that is `at_work` already may take no more processor time: it waits for an answer.
    """
    own, latest = psutil.Process(child.pid), time.monotonic() + 60 * (not at_work)
    while child.poll() is None and sum(own.cpu_times()[:2]) < STARTED_S and time.monotonic() < latest:
        time.sleep(0.05)
    time.sleep(after_s)
    below = psutil.Process(child.pid).children(recursive=True) if child.poll() is None else []
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    try:
        said, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    took = time.monotonic() - began
    _, alive = psutil.wait_procs(below, timeout=5)
    assert not alive, f"left behind: {alive}"
    return took, said


def check(child: subprocess.Popen[str], after_s: float, at_work: bool = False) -> None:
    took, said = interrupted(child, after_s, at_work)
    assert child.returncode == 130, said
    assert "Traceback" not in said, said
    assert took < WITHIN_S + SLACK_S, said


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [1.5, 6.0])  # it starts, and mostly it builds then
def test_a_run_at_any_moment(after_s: float, tmp_path: Path) -> None:
    check(start("run", "--exporter", "onnx", "--exporter", "fbgemm-int8", "-o", tmp_path / "run", *BRIEF), after_s)


def test_while_it_measures(exported: Path, tmp_path: Path, wait_for: Callable[[Path], None]) -> None:
    child = start("measure", exported / "onnx", "--limit", "8", "-o", tmp_path / "run", *BRIEF)
    wait_for(tmp_path / "run" / "samples" / "resnet1d~none~onnx~host~0.npy")
    check(child, 0.5, at_work=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [  # torch is in their own process, or in several children
        ("quantize", "resnet1d", "--exporter", "fbgemm-int8", "--dataset", "demo"),
        ("train", "resnet1d", "--dataset", "demo"),
        ("run", "--variant", "structured-0.3", "--finetune-epochs", "2", "--exporter", "onnx"),
    ],
)  # fmt: skip
def test_other_commands(command: tuple[str, ...], tmp_path: Path) -> None:
    check(start(*command, "-o", tmp_path / "out"), random.uniform(2, 6))


@pytest.mark.slow
@pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
@pytest.mark.parametrize("waits_in", ["hello", "measure"])
def test_while_a_device_says_nothing(
    waits_in: str, server: Server, exported: Path, tmp_path: Path, wait_for: Callable[[Path], None]
) -> None:
    mark = tmp_path / "there"
    device(server, (
        f"before = Agent._do_{waits_in}\ndef hung(self, *given, **named):\n    open({str(mark)!r}, 'w').close()\n"
        f"    time.sleep(600)\nAgent._do_{waits_in} = hung\n"
    ))  # fmt: skip
    board = server.folder / "board.toml"
    child = start(
        "run", "--artifact", exported / "onnx", "--target", board, "--limit", "8", "-o", tmp_path / "run",
        "--processes", "1", "--min-seconds", "0", "--threads", "1",
    )  # fmt: skip
    wait_for(mark)
    check(child, 0.5, at_work=True)


@pytest.fixture
def wait_for() -> Callable[[Path], None]:
    def wait(path: Path) -> None:
        end = time.monotonic() + 300
        while not path.exists():
            assert time.monotonic() < end
            time.sleep(0.05)

    return wait
