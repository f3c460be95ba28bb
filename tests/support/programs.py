"""Programs that EdgeBench writes: what stands for the signals in them, and whether they keep to PEP 8."""

from __future__ import annotations

import subprocess
import sys

ZEROS = "np.zeros((1, 12, 1000), np.float32)"
"""The signals of a program, in the place of which a test puts others."""


def checked(*arguments: str, program: str) -> str:
    """What ruff has to say of a program, with no settings of this repository."""
    command = [sys.executable, "-m", "ruff", *arguments, "--isolated", "--line-length", "79", "-"]
    done = subprocess.run(command, input=program, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr
