"""Modules written for a test that answer as EdgeBench's children do, and what became of their processes."""

from __future__ import annotations

import os
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from edgebench.isolation.process import ChildError, ask

BEFORE = "import errno, os, signal, subprocess, sys, time\nfrom edgebench.core.errors import DiskFull\n"
AROUND = (
    "from edgebench.isolation.child import answer_with\n"
    "def handle(request):\n{body}\n    yield from ()\nanswer_with(handle)\n"
)
HANGS = "yield {'pid': os.getpid()}\ntime.sleep(120)"


class ChildMaker:
    """Writes a real module whose handler is the given lines, and gives its name."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch = folder, monkeypatch

    def __call__(self, body: str) -> str:
        code = BEFORE + AROUND.format(body=textwrap.indent(textwrap.dedent(body), "    "))
        (self._folder / "child_module.py").write_text(code)
        path = os.pathsep.join([str(self._folder), os.environ.get("PYTHONPATH", "")])
        self._patch.setenv("PYTHONPATH", path)
        return "child_module"


def gone(pid: int, within_s: float = 10) -> bool:
    """Whether a process ends soon; one that is dead but not yet waited for has ended."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def failure(module: str, timeout_s: float = 30) -> ChildError:
    with pytest.raises(ChildError) as caught:
        list(ask(module, {}, timeout_s))
    assert "\n" not in str(caught.value)
    return caught.value
