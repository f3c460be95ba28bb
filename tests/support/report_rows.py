"""Rows of measurements, and runs of them, for the tests of reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flat_rows import measurement

from edgebench.core import registry
from edgebench.core.measurements import Measurement, Run

OK = measurement(
    run="r", model="resnet1d", variant="none", exporter="onnx", format="onnx", precision="fp32", target="host",
    status="ok", reason="", emulated=False, file_size_bytes=5_500_000, parameters=1_367_781, sparsity=0.0,
    zip_size_bytes=5_100_000, macs=104_000_000, peak_rss_bytes=75_000_000, model_rss_bytes=18_000_000,
    load_s=0.04, first_inference_s=0.008, latency_p50_s=0.0021, latency_p50_low_s=0.0020, latency_p50_high_s=0.0022,
    latency_p90_s=0.0025, latency_p99_s=0.003, latency_samples=1500, process_medians_s=(0.0021, 0.0022),
    throughput_per_s=470.0, verdict="stable", dataset="demo (synthetic)", records=240, macro_f1=0.7, macro_f1_low=0.65,
    macro_f1_high=0.75, macro_auc=0.92, f1_by_class={"NORM": 0.8, "MI": 0.6}, delta_macro_f1=0.0, delta_low=0.0,
    delta_high=0.0, max_abs_error=1e-6, artifact_sha256="a" * 64, host="a machine",
)  # fmt: skip


def run_of(*rows: Measurement) -> Run:
    return Run("r", Path("r"), {"targets": ["host"], "measuring": {}}, {"packages": {}}, rows)


def failed(exporter: str, reason: str) -> Measurement:
    cell = replace(OK.cell, exporter=exporter)
    return Measurement(OK.run, cell, "failed", reason, dataset=OK.dataset, host=OK.host)


def text_of(name: str, run: Run) -> str:
    """What the report's own file holds in one format."""
    renderer = registry.renderer(name)
    text = renderer.render(run)[renderer.file]
    assert isinstance(text, str)
    return text
