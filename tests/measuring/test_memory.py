"""Memory of artifacts whose weights are 200 MB, in real runtimes."""

from __future__ import annotations

import hashlib
import mmap
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from edgebench.core.contracts import Artifact, Job, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.job_results import Memory
from edgebench.data.signals import ECG
from edgebench.isolation.jobs import run_job
from edgebench.measuring import memory

WIDTH = 4166
"""12,000 x 4,166 weights of float32 are 199.97 MB."""


def onnx_file(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(12_000, WIDTH)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["signals"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["logits"])
    ]  # fmt: skip
    taken = helper.make_tensor_value_info("signals", TensorProto.FLOAT, ["batch", 12, 1000])
    given = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", WIDTH])
    graph = helper.make_graph(nodes, "large", [taken], [given], [numpy_helper.from_array(weights, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


def torchscript_file(path: Path) -> None:
    import torch

    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12_000, WIDTH, bias=False))
    torch.jit.trace(network, torch.zeros(1, 12, 1000)).save(path)  # type: ignore[no-untyped-call]


FILES = {"onnx": onnx_file, "torchscript": torchscript_file}


def measured(path: Path, kind: str, demo: RecordSet, limit: int | None = None) -> Outcome[Memory]:
    if not path.exists():
        FILES[kind](path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    artifact = Artifact(
        "large", "none", kind, kind, "fp32", path.name, sha256, path.stat().st_size, (), (), ECG, None,
        None, "", task="",
    )  # fmt: skip
    job = Job(
        "memory", artifact, str(path), "cpu", 1, "", demo.input, str(path.parent / "unused"),
        memory_limit_bytes=limit,
    )  # fmt: skip
    return run_job(job, 300)


@pytest.mark.parametrize("kind", FILES)
def test_weights_of_200_mb_read_200_mb(kind: str, demo: RecordSet, tmp_path: Path) -> None:
    found = measured(tmp_path / "large", kind, demo).value
    assert found.model_rss_bytes is not None and found.runtime_rss_bytes is not None
    assert found.model_rss_bytes == pytest.approx(12_000 * WIDTH * 4, rel=0.05)
    # Loading may hold the file twice: that is in the peak alone.
    assert found.peak_rss_bytes >= found.runtime_rss_bytes + 0.95 * found.model_rss_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_figures_of_proc_are_psutils(tmp_path: Path) -> None:
    path = tmp_path / "a file: with blanks"
    path.write_bytes(bytes(4_000_000))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert sum(mapped[:2_000_000]) == 0
        theirs = sum(m.rss for m in psutil.Process().memory_maps() if m.path == str(path))
        assert 2_000_000 <= memory._mapped(path) == theirs
        now = psutil.Process().memory_info()
    assert memory._mapped(path) == 0
    assert memory._resident() == pytest.approx(now.rss, rel=0.1)
    assert memory._reserved() == pytest.approx(now.vms, rel=0.1)


def test_a_file_that_does_not_fit_is_told_so(demo: RecordSet, tmp_path: Path) -> None:
    path = tmp_path / "large"
    small = measured(path, "onnx", demo, 200_000_000)
    assert small.status == "unsupported"
    assert small.reason.startswith("does not fit into the target's 200 MB of memory: ")
    assert "Traceback" not in small.reason
    assert measured(path, "onnx", demo, 2_000_000_000).status == "ok"
