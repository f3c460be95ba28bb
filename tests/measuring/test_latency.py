"""Latencies of a session whose predictions take a known time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core.contracts import Artifact, Job
from edgebench.core.datasets import RecordSet
from edgebench.core.operators import OperatorTime
from edgebench.core.protocols import Clock, Session
from edgebench.measuring import latency
from edgebench.runtimes.clocks import HostClock


class Sleeper:
    """A session whose every prediction takes two milliseconds, the first one fifty."""

    def __init__(self) -> None:
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {"device": "none"}
        self.calls = 0

    def predict(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        assert signals.dtype == np.float32
        assert signals.shape == (1, 12, 1000)
        self.calls += 1
        time.sleep(0.05 if self.calls == 1 else 0.002)
        return np.zeros((1, 5), np.float32)

    def peak_device_bytes(self) -> None:
        return None


class SleepingRuntime:
    format = "sleep"

    def __init__(self) -> None:
        self.session = Sleeper()

    def unavailable(self, device: str, engine: str) -> str:
        return ""

    def start(self, threads: int, engine: str) -> None:
        pass

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        time.sleep(0.03)
        return self.session

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        return []


def job(artifact: StoredArtifact, demo: RecordSet, output: Path, **settings: object) -> Job:
    assert artifact.artifact is not None
    return Job("latency", artifact.artifact, "x", "cpu", 1, "", demo.input, str(output), **settings)  # type: ignore[arg-type]


def test_latency_separates_load_first_and_samples(artifact: StoredArtifact, demo: RecordSet, tmp_path: Path) -> None:
    runtime = SleepingRuntime()
    found = latency.measure(
        job(artifact, demo, tmp_path / "s.npy", warmup=3, min_samples=20, min_seconds=0.0), runtime
    )  # fmt: skip
    samples = np.load(tmp_path / "s.npy")
    assert found.samples == len(samples) == 20
    assert runtime.session.calls == 1 + 3 + 20
    assert found.load_s >= 0.03
    assert found.first_inference_s >= 0.05
    assert 0.002 <= samples.min() <= np.median(samples) < found.first_inference_s


def test_latency_goes_on_until_the_seconds_have_passed(
    artifact: StoredArtifact, demo: RecordSet, tmp_path: Path
) -> None:
    runtime = SleepingRuntime()
    found = latency.measure(
        job(artifact, demo, tmp_path / "s.npy", warmup=0, min_samples=2, min_seconds=0.3), runtime
    )  # fmt: skip
    assert found.samples > 20


def test_a_limit_of_time_leaves_one_sample(artifact: StoredArtifact, demo: RecordSet, tmp_path: Path) -> None:
    """Loading alone takes longer than the limit, so that this does not depend on the machine."""
    for settings in ({}, {"period_s": 0.001}):
        runtime = SleepingRuntime()
        asked = job(artifact, demo, tmp_path / "s.npy", warmup=9, min_samples=20, max_seconds=0.01, **settings)
        found = latency.measure(asked, runtime)
        assert (found.samples, runtime.session.calls) == (1, 2), "the first prediction, no warm-up, one sample"
        assert found.spent_s >= found.load_s + found.first_inference_s


def test_a_limit_that_is_not_reached_changes_nothing(artifact: StoredArtifact, demo: RecordSet, tmp_path: Path) -> None:
    runtime = SleepingRuntime()
    asked = job(artifact, demo, tmp_path / "s.npy", warmup=2, min_samples=5, min_seconds=0.0, max_seconds=1e6)
    assert (latency.measure(asked, runtime).samples, runtime.session.calls) == (5, 8)
