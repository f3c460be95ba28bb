"""Latency, memory, accuracy, environment and verdicts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core.contracts import Artifact, Cell, Job, RecordSet
from edgebench.core.flat_row import of_scores
from edgebench.core.protocols import Clock, Session
from edgebench.core.results import OperatorTime
from edgebench.measuring import accuracy, environment, latency
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
        self, path: Path, artifact: Artifact, device: str, records: Sequence[NDArray[np.float32]]
    ) -> list[OperatorTime]:
        return []


def job(artifact: StoredArtifact, demo: RecordSet, output: Path, **settings: object) -> Job:
    assert artifact.artifact is not None
    return Job("latency", artifact.artifact, "x", "cpu", 1, "", str(demo.signals), str(output), **settings)  # type: ignore[arg-type]


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


def test_accuracy_is_scikit_learns(artifact: StoredArtifact) -> None:
    assert artifact.artifact is not None
    rng = np.random.default_rng(0)
    labels = (rng.random((300, 5)) < 0.3).astype(np.uint8)
    logits = (rng.normal(size=(300, 5)) + 2 * labels).astype(np.float32)
    noisy = logits + rng.normal(0, 0.5, logits.shape).astype(np.float32)
    thresholds = np.array(artifact.artifact.thresholds)
    ours = (1 / (1 + np.exp(-noisy.astype(float)))) >= thresholds
    base = logits > 0  # the reference has thresholds of its own
    reference = accuracy.Reference(labels, logits, (0.5,) * 5)
    row = of_scores(accuracy.score(labels, noisy, reference, artifact.artifact))
    f1 = f1_score(labels, ours, average="macro")
    assert row["macro_f1"] == pytest.approx(f1, abs=1e-12)
    assert row["macro_auc"] == pytest.approx(roc_auc_score(labels, noisy), abs=1e-12)
    assert row["delta_macro_f1"] == pytest.approx(f1 - f1_score(labels, base, average="macro"), abs=1e-12)
    assert row["macro_f1_low"] < row["macro_f1"] < row["macro_f1_high"]
    assert (row["delta_low"] or 0) < (row["delta_macro_f1"] or 0) < (row["delta_high"] or 0)
    assert row["delta_macro_auc"] == pytest.approx(roc_auc_score(labels, noisy) - roc_auc_score(labels, logits))
    assert (row["delta_auc_low"] or 0) < (row["delta_macro_auc"] or 0) < (row["delta_auc_high"] or 0)
    assert (row["macro_auc_low"] or 1) < (row["macro_auc"] or 0) < (row["macro_auc_high"] or 0)
    assert row["agreement"] == pytest.approx((ours == base).mean())
    assert list(row["f1_by_class"].values()) == pytest.approx(list(f1_score(labels, ours, average=None)))
    assert list(row["f1_by_class"]) == list(artifact.artifact.classes)
    assert row["max_abs_error"] == pytest.approx(float(np.abs(noisy - logits).max()))


@pytest.mark.parametrize(
    ("exporter", "variant", "against"),
    [
        ("fbgemm-int8", "none", None),
        ("fbgemm-int8", "structured-0.5", None),
        ("onnx", "l1-0.4", None),
        ("fbgemm-int8:minmax,per-tensor", "none", ("fbgemm-int8", "none")),
        ("onnx-int8", "qat", ("onnx-int8", "none")),
        ("onnx-int8", "structured-0.5+qat-qnnpack", ("onnx-int8", "structured-0.5")),
        ("onnx-int8:entropy", "l1-0.4+qat", ("onnx-int8", "l1-0.4")),
    ],
)
def test_what_an_int8_cell_is_compared_with(exporter: str, variant: str, against: tuple[str, str] | None) -> None:
    other = accuracy.plainer(Cell("m", variant, exporter, "host"))
    assert (other and (other.exporter, other.variant)) == against


def test_int8_is_compared_with_plainer_int8(artifact: StoredArtifact) -> None:
    assert artifact.artifact is not None
    rng = np.random.default_rng(0)
    labels = (rng.random((300, 5)) < 0.3).astype(np.uint8)
    logits = (rng.normal(size=(300, 5)) + 2 * labels).astype(np.float32)
    noisy = logits + rng.normal(0, 2, logits.shape).astype(np.float32)
    plain, qat = Cell("m", "none", "onnx-int8", "host"), Cell("m", "qat", "onnx-int8", "host")
    answers = {
        qat: accuracy.Answer(logits, artifact.artifact, None),
        plain: accuracy.Answer(noisy, replace(artifact.artifact, thresholds=(0.6,) * 5), None),
    }
    found = accuracy.score_cells(labels, answers)
    assert found[plain.id].counterpart is None
    compared, other = found[qat.id], found[qat.id].counterpart
    assert other is not None and other.name == "onnx-int8"
    assert other.delta == pytest.approx(compared.macro_f1.value - found[plain.id].macro_f1.value, abs=1e-12)
    assert 0 < other.low < other.delta < other.high
    assert accuracy.score_cells(labels, {qat: answers[qat]})[qat.id].counterpart is None


def test_environment_is_this_machines() -> None:
    import os
    import platform

    facts = environment.describe()
    assert facts["architecture"] == {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    assert facts["threads"] == os.cpu_count()
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["fingerprint"] == environment.fingerprint(environment.machine())
    assert environment.fingerprint(facts | {"cores": 1000}) != facts["fingerprint"]


def test_this_process_does_not_shift_the_fingerprint() -> None:
    """Load, temperature and frequency change by the minute; a machine stays the same machine."""
    facts = environment.describe()
    changed = facts | {"load_average": 99.0, "temperature_c": 99.0, "frequency_hz": 1.0}
    assert environment.fingerprint(changed) == facts["fingerprint"]
