"""Programs that EdgeBench writes: what stands for the signals in them, and whether they keep to PEP 8."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgebench.artifacts import manifests
from edgebench.choosing import snippets
from edgebench.core import registry
from edgebench.core.contracts import Artifact
from edgebench.measuring.io_adapter import AdaptedRuntime
from edgebench.tasks.statistics import probabilities

ZEROS = "np.zeros((1, 12, 1000), np.float32)"
"""The signals of a program, in the place of which a test puts others."""


def checked(*arguments: str, program: str) -> str:
    """What ruff has to say of a program, with no settings of this repository."""
    command = [sys.executable, "-m", "ruff", *arguments, "--isolated", "--line-length", "79", "-"]
    done = subprocess.run(command, input=program, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def answer_of(artifact: Artifact, folder: Path, monkeypatch: pytest.MonkeyPatch, signals: NDArray[np.float32]) -> Any:
    """What the program of one of our artifacts answers to signals; it keeps to PEP 8."""
    program = snippets.of(artifact, threads=1)
    assert not checked("check", "--select", "E,W,F,I", program=program)
    monkeypatch.chdir(folder)
    found: dict[str, Any] = {"SIGNALS": signals}
    exec(program.replace(ZEROS, "SIGNALS"), found)
    return found["answer"]


def decides_alike(path: Path, monkeypatch: pytest.MonkeyPatch, signals: NDArray[np.float32]) -> None:
    """The program of an imported file keeps to PEP 8, and decides as the measured runtime does."""
    stored = manifests.read(path)
    artifact = stored.artifact
    assert artifact.feed
    program = snippets.of(artifact)
    assert not checked("check", "--select", "E,W,F,I", program=program)
    monkeypatch.chdir(path.parent)
    found: dict[str, Any] = {"SIGNALS": signals, "__name__": "program"}
    exec(program.replace(ZEROS, "SIGNALS"), found)
    measured = AdaptedRuntime(registry.runtime(artifact.format), artifact.feed).load(path, artifact, "cpu")
    expected = probabilities(measured.predict(signals))
    assert 0.01 < expected.mean() < 0.99
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)
