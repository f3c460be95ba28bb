"""The CUDA path, where there is a GPU; the clock's arithmetic everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.artifacts import manifests
from edgebench.core.contracts import Job
from edgebench.core.datasets import RecordSet
from edgebench.isolation.jobs import run_job
from edgebench.runtimes.clocks import CudaClock


class FakeEvent:
    """What CudaClock needs of torch.cuda.Event: 12.5 ms between any two."""

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None:
        pass

    def synchronize(self) -> None:
        FakeCuda.calls.append("wait for the end")

    def elapsed_time(self, other: FakeEvent) -> float:
        assert other is not self
        return 12.5


class FakeCuda:
    Event = FakeEvent
    calls: list[str] = []  # noqa: RUF012

    @staticmethod
    def synchronize() -> None:
        FakeCuda.calls.append("wait until idle")


def test_cuda_clock_waits_and_gives_seconds() -> None:
    FakeCuda.calls.clear()
    clock = CudaClock(FakeCuda)
    clock.start()
    assert clock.stop() == pytest.approx(0.0125)
    assert FakeCuda.calls == ["wait until idle", "wait for the end"]


@pytest.mark.parametrize("name", ["eager", "torchscript"])
def test_on_a_gpu(exported: Path, demo: RecordSet, name: str, tmp_path: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    found = manifests.read(exported / name)
    assert found.artifact is not None
    for kind in ("predict", "memory", "latency"):
        output = str(tmp_path / f"{kind}.npy")
        job = Job(kind, found.artifact, str(found.path), "cuda", 1, "", demo.input, output, records=16)
        outcome = run_job(job, 300)
        assert outcome.status == "ok", outcome.reason
        if kind == "memory":
            assert outcome.value.peak_device_bytes > 5_000_000
