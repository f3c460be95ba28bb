"""The program that is sent to a device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from edgebench.remote import session


def test_the_agent_goes_when_nothing_is_heard(tmp_path: Path) -> None:
    agent = Path(session.__file__).with_name("agent.py")
    child = subprocess.Popen(
        [sys.executable, agent],
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
