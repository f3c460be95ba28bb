"""The device side of an ONNX artifact runs where there is no torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import edgebench

from edgebench.artifacts import manifests
from edgebench.core.contracts import Job, RecordSet
from edgebench.isolation.jobs import run_job


def test_the_blocker_blocks(light: str, exported: Path, tmp_path: Path) -> None:
    done = edgebench("measure", exported / "torchscript", "-o", tmp_path / "run", "--limit", "4", PYTHONPATH=light)
    assert done.returncode == 1
    assert "torch is not installed" in done.stdout + done.stderr


def test_measure_onnx_without_torch(light: str, exported: Path, tmp_path: Path) -> None:
    done = edgebench(
        "measure", exported / "onnx", exported / "onnx-int8", "-o", tmp_path / "run", "--limit", "32",
        "--min-samples", "5", "--min-seconds", "0", "--processes", "2", "--threads", "1", PYTHONPATH=light,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "onnx-int8" in done.stdout
    assert (tmp_path / "run" / "measurements.jsonl").read_text().count('"status": "ok"') == 2


@pytest.mark.parametrize(("name", "engine"), [("fbgemm-int8", "fbgemm"), ("qnnpack-int8", "qnnpack")])
def test_the_engine_is_set_and_recorded(
    exported: Path, demo: RecordSet, name: str, engine: str, tmp_path: Path
) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    output = str(tmp_path / "logits.npy")
    job = Job("predict", found.artifact, str(found.path), "cpu", 1, engine, str(demo.signals), output, records=4)
    outcome = run_job(job, 120)
    assert outcome.value.settings["quantized_engine"] == engine
    assert np.isfinite(np.load(output)).all()


@pytest.mark.parametrize("name", ["onnx", "torchscript", "eager"])
def test_a_damaged_file_is_not_loaded(exported: Path, demo: RecordSet, name: str, tmp_path: Path) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    assert found.path is not None
    damaged = tmp_path / found.path.name
    data = bytearray(found.path.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    job = Job(
        "predict", found.artifact, str(damaged), "cpu", 1, "", str(demo.signals), str(tmp_path / "o.npy"), records=1
    )
    outcome = run_job(job, 120)
    assert outcome.status == "failed"
    assert "SHA-256" in outcome.reason


@pytest.mark.parametrize("name", ["onnx", "torchscript", "eager"])
def test_cuda_without_a_gpu_says_so(exported: Path, demo: RecordSet, name: str, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    found = manifests.read(exported / name)
    assert found.artifact is not None
    job = Job("predict", found.artifact, str(found.path), "cuda", 1, "", str(demo.signals), str(tmp_path / "o.npy"))
    outcome = run_job(job, 120)
    assert outcome.status == "unsupported"
    assert "CUDA" in outcome.reason
