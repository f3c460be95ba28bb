"""What a worker process spares: a start and an end are paid several times a cell."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import PluginMaker

from edgebench.artifacts import manifests
from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core import registry
from edgebench.core.contracts import Artifact, Job
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import Unsupported
from edgebench.core.files import sha256
from edgebench.core.serialization import to_dict
from edgebench.data.signals import ECG
from edgebench.isolation.jobs import run_job
from edgebench.measuring import worker
from edgebench.remote.bundles import reading
from edgebench.runtimes.onnx import OnnxRuntime

PERFORMED = """
import json, sys
from edgebench.measuring import worker
from edgebench.core.contracts import Job
from edgebench.core.serialization import from_dict
assert worker.perform(from_dict(Job, json.loads(sys.stdin.read()))).status == "ok"
"""
SPARED = {"psutil", "importlib.metadata", "subprocess", "edgebench.tasks.statistics", "edgebench.core.measurements"}


@pytest.mark.parametrize("kind", ["memory", "latency"])
def test_a_timed_worker_imports_only_what_it_needs(
    kind: str, artifact: StoredArtifact, demo: RecordSet, tmp_path: Path
) -> None:
    """No search among the installed packages, nothing of the other stages."""
    assert artifact.artifact is not None
    job = Job(
        kind, artifact.artifact, str(artifact.path), "cpu", 1, "", demo.input, str(tmp_path / "o.npy"),  # type: ignore[arg-type]
        min_seconds=0.0, runtime=registry.place("runtimes", "onnx"),
    )  # fmt: skip

    def loaded(code: str) -> set[str]:
        run = [sys.executable, "-c", f"{code}\nprint(*sys.modules)"]
        request = json.dumps(to_dict(job))
        return set(subprocess.run(run, input=request, capture_output=True, text=True, check=True).stdout.split())

    known = loaded("import sys, numpy, onnxruntime")
    assert (loaded(PERFORMED) - known) & SPARED == set()


def test_a_worker_that_has_answered_is_done(plugin: PluginMaker, demo: RecordSet, tmp_path: Path) -> None:
    """What a library still does then, or how it is taken down, is nobody's measurement."""
    code = (
        "import threading, time\nimport numpy as np\nfrom edgebench.runtimes.clocks import HostClock\n"
        "class Runtime:\n    format = 'busy'\n    settings = {}\n    clock = HostClock()\n"
        "    def unavailable(self, device, engine): return ''\n"
        "    def start(self, threads, engine): threading.Thread(target=time.sleep, args=(120,)).start()\n"
        "    def load(self, path, artifact, device): return self\n"
        "    def predict(self, signals): return np.zeros((len(signals), 5), np.float32)\n"
        "RUNTIME = Runtime()\n"
    )
    plugin("busy_runtime", code, "[edgebench.runtimes]\nbusy = busy_runtime:RUNTIME\n")
    file = tmp_path / "file"
    file.write_text("x")
    artifact = Artifact(
        "m", "none", "busy", "busy", "fp32", "file", sha256(file), 1, tuple("abcde"), (0.5,) * 5, ECG, None,
        None, "", task="",
    )  # fmt: skip
    output = tmp_path / "o.npy"
    job = Job("latency", artifact, str(file), "cpu", 1, "", demo.input, str(output), min_seconds=0.0)
    began = time.monotonic()
    assert run_job(job, 60).status == "ok"
    assert time.monotonic() - began < 30
    assert len(np.load(output)) == 100


@pytest.mark.parametrize("name", ["onnx", "torchscript", "eager"])
def test_a_damaged_file_is_not_loaded(exported: Path, demo: RecordSet, name: str, tmp_path: Path) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    assert found.path is not None
    damaged = tmp_path / found.path.name
    data = bytearray(found.path.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    job = Job("predict", found.artifact, str(damaged), "cpu", 1, "", demo.input, str(tmp_path / "o.npy"), records=1)
    outcome = worker.perform(job)
    assert outcome.status == "failed"
    assert "SHA-256" in outcome.reason


@pytest.mark.parametrize("name", ["onnx", "torchscript", "eager"])
def test_cuda_without_a_gpu_says_so(exported: Path, demo: RecordSet, name: str, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    found = manifests.read(exported / name)
    assert found.artifact is not None
    job = Job("predict", found.artifact, str(found.path), "cuda", 1, "", demo.input, str(tmp_path / "o.npy"))
    outcome = worker.perform(job)
    assert outcome.status == "unsupported"
    assert "CUDA" in outcome.reason


def test_a_worker_checks_the_file_again(
    packed: Path, artifact: StoredArtifact, demo: RecordSet, tmp_path: Path
) -> None:
    """What is damaged after a bundle was opened is not loaded either."""
    opened = reading.opened(packed)
    file = next((opened.folder / "artifacts").rglob("onnx/*.onnx"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert artifact.artifact
    job = Job("predict", artifact.artifact, str(file), "cpu", 1, "", demo.input, str(tmp_path / "o.npy"))
    assert "SHA-256" in run_job(job, 60).reason
    file.write_bytes(whole)


@pytest.mark.parametrize("memory", [False, True])
def test_a_timed_process_looks_into_the_file_where_it_is_the_first_of_its_cell(
    memory: bool, artifact: StoredArtifact, demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(self: object, path: Path) -> None:
        raise Unsupported("looked")

    monkeypatch.setattr(OnnxRuntime, "check", look)
    job = Job(
        "latency", artifact.artifact, str(artifact.path), "cpu", 1, "", demo.input, str(tmp_path / "o.npy"), warmup=0,
        min_samples=1, min_seconds=0.0, memory=memory,
    )  # fmt: skip
    outcome = worker.perform(job)
    assert (outcome.status, outcome.reason) == (("unsupported", "looked") if memory else ("ok", ""))
