"""Records with every kind of value in them."""

from __future__ import annotations

from pathlib import Path

from edgebench.core.cells import Cell
from edgebench.core.contracts import Artifact, Calibration, Job
from edgebench.core.measurements import Measurement
from edgebench.core.results import ArtifactFacts, Latency, Network, Score, Scores, Steadiness
from edgebench.data.signals import ecg, stored
from edgebench.tasks.multilabel import METRICS

ARTIFACT = Artifact(
    model="resnet1d", variant="none", exporter="onnx-int8", format="onnx", precision="int8", file="model.onnx",
    sha256="ab" * 32, file_size_bytes=123_456, classes=("NORM", "MI"), thresholds=(0.25, 0.5),
    input=ecg(leads=("I", "II"), samples=5000, rate_hz=500), parameters=10, sparsity=0.125,
    model_sha256="cd" * 32, devices=("cpu", "cuda"), float_parts=("head: its input is not quantized",),
    calibration=Calibration("ptbxl", "train", 256, "ef" * 32, method="percentile 99.99"),
    notes=("größer als gedacht",), made_with={"torch": "2.15"}, max_abs_error=1e-7, check_records=8,
    task="multilabel",
)  # fmt: skip
(INPUT,) = stored(Path("/s.npy"), ARTIFACT.input)
JOB = Job("latency", ARTIFACT, "/somewhere/model.onnx", "cpu", 2, "", INPUT, "/o.npy", records=None, min_seconds=0.5)
MEASUREMENT = Measurement(
    "run", Cell("resnet1d", "none", "onnx", "host"), "ok", format="onnx", precision="fp32",
    artifact=ArtifactFacts(1, network=Network(sparsity=0.0)),
    latency=Latency(0.1 + 0.2, 0.1, 0.4, process_medians_s=(0.25, 0.35), steadiness=Steadiness("stable")),
    scores=Scores(60, (Score(METRICS[0], 2 / 3),), {"f1_by_class": {"NORM": 0.5}}),
)  # fmt: skip
UNSUPPORTED = Measurement("r", Cell("m", "v", "e", "t"), "unsupported", "no CUDA device", True)
