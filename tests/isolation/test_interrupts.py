"""A Ctrl-C that a library swallows, or makes an error of its own of, still ends a command as one."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from edgebench.cli import console, device
from edgebench.core.contracts import Outcome
from edgebench.core.errors import EdgeBenchError
from edgebench.core.job_keys import JobKey
from edgebench.isolation import interrupts, process
from edgebench.isolation.process import ChildError, ask
from edgebench.pipeline import run_store

BLOCKED = """
import contextlib, hashlib, subprocess, time
from edgebench.isolation import interrupts, process
interrupts.LIMIT_S = 0.2
def command():
    process._running.add(subprocess.Popen(["sleep", "600"], start_new_session=True))
    with interrupts.saying(lambda: "the same command starts again"):
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                print('ready', flush=True)
                {blocks}
interrupts.run(command)
"""
BLOCKS = {
    "a library computes": "hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)",
    "it swallows each interrupt": "time.sleep(600)",
}


def press() -> None:
    """SIGTERM, which is taken as Ctrl-C is: what runs in the background ignores SIGINT."""
    signal.raise_signal(signal.SIGTERM)


def swallowed() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        press()


def disguised() -> None:
    try:
        press()
    except KeyboardInterrupt:
        raise AttributeError("module 'torch._dynamo' has no attribute 'utils'") from None


def explained() -> None:
    try:
        disguised()
    except AttributeError:
        raise EdgeBenchError("this network cannot be quantized") from None


def refused() -> None:
    swallowed()
    raise SystemExit(2)


@pytest.mark.parametrize("library", [swallowed, disguised, explained, refused])
@pytest.mark.parametrize("after", ["", "the same command starts again"])
def test_a_command_ends_as_interrupted(
    library: Callable[[], None], after: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @console.command
    def command() -> None:
        with console.live(after) if after else contextlib.nullcontext():
            library()

    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as ended:
        command()
    assert ended.value.exit_code == 130
    said = capsys.readouterr().err.splitlines()
    assert said == [f"interrupted; {after}" if after else "interrupted"]
    assert signal.getsignal(signal.SIGTERM) is handler and not interrupts.came()


@pytest.mark.parametrize("library", [swallowed, disguised, explained])
def test_so_does_a_device(
    library: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(_: object, view: device.PlainView) -> int:
        with view.progress(lambda: "go on"):
            library()
        return 0

    monkeypatch.setattr(device, "_measure", measure)
    with pytest.raises(SystemExit) as ended:
        device.main(["measure", "bundle"])
    assert ended.value.code == 130
    assert capsys.readouterr().err.splitlines() == ["interrupted; go on"]


def test_an_error_without_an_interrupt_stays_what_it_is() -> None:
    @console.command
    def command() -> None:
        raise AttributeError("x")

    with pytest.raises(AttributeError):
        command()


def test_no_child_starts_and_none_fails_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: object) -> list[object]:
        swallowed()
        raise ChildError("the process was ended by SIGKILL")

    with interrupts.remembered():
        monkeypatch.setattr(process, "_asked", ended)
        with pytest.raises(KeyboardInterrupt):
            list(ask("module", {}, 10))
        monkeypatch.setattr(process, "_asked", lambda *_: pytest.fail("it starts"))
        with pytest.raises(KeyboardInterrupt):
            list(ask("module", {}, 10))


def test_a_child_that_was_ended_with_its_whole_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """`systemctl stop` sends SIGTERM to all processes: a child's end may be seen before this process's own signal."""

    def ended(*_: object) -> list[object]:
        raise ChildError("the process was ended by SIGTERM", signal=signal.SIGTERM)

    monkeypatch.setattr(process, "_asked", ended)
    monkeypatch.setattr(interrupts._came, "wait", lambda _: swallowed())
    with interrupts.remembered(), pytest.raises(KeyboardInterrupt):
        list(ask("module", {}, 10))


def test_no_failed_job_gets_into_the_journal(tmp_path: Path) -> None:
    store = run_store.create(tmp_path / "run", {}, {}, {})
    with interrupts.remembered():
        swallowed()
        with pytest.raises(KeyboardInterrupt):
            store.record(JobKey("build", "net", "none", "onnx"), Outcome("failed", "AttributeError"))
    assert not store.outcomes and not (tmp_path / "run" / "journal.jsonl").exists()


@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_process_that_cannot_end_by_itself_is_ended(blocks: str) -> None:
    command = [sys.executable, "-c", BLOCKED.format(blocks=BLOCKS[blocks])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout and child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=60)  # its own child has the pipes, too: it has ended as well
    assert child.returncode == 130
    assert said == "interrupted; the same command starts again\n"
