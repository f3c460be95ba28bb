"""The program that is sent to a device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edgebench.remote import agent, session


def test_the_agent_goes_when_nothing_is_heard(tmp_path: Path) -> None:
    program = Path(session.__file__).with_name("agent.py")
    child = subprocess.Popen(
        [sys.executable, program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert child.stdin and child.stdout
    hello = {"do": "hello", "folder": "e", "session": "s", "silence_s": 1.0}
    child.stdin.write(json.dumps(hello).encode() + b"\n")
    child.stdin.flush()
    threading.Timer(60, child.kill).start()
    assert child.wait() == 1


def floods(text: str) -> list[str]:
    return [sys.executable, "-c", f"import sys\nwhile True: sys.{text}.write('x' * 65535 + '\\n')"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_pip_that_writes_without_end_is_ended(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "LOG_BYTES", 1 << 20)
    assert "1 MB" in agent.Agent()._run(floods(stream))


def test_so_is_the_device_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "LOG_BYTES", 1 << 20)
    there = agent.Agent()
    there._home = tmp_path
    there._work.mkdir(parents=True)
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nimport sys\nwhile True: sys.stderr.write('x' * 65535 + '\\n')")
    python.chmod(0o755)
    ended = there._do_measure(str(python), [])
    assert ended["status"] == -9 and "1 MB" in ended["last"]
    assert not list(there._work.iterdir())


def test_the_last_error_of_pip_is_the_reason() -> None:
    said = "print('ERROR: no such package'); print('a notice'); sys.exit(1)"
    assert agent.Agent()._run([sys.executable, "-c", f"import sys; {said}"]) == "ERROR: no such package"
    assert agent.Agent()._run([sys.executable, "-c", "print('done')"]) == ""
