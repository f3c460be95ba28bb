"""The sentence on why int8 is as fast as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import snapshots
from flat_rows import changed, measurement, value

from edgebench.choosing import int8_explanation
from edgebench.core.measurements import Measurement, Run
from edgebench.core.results import ArtifactFacts

FLOAT = measurement(
    run="run", model="net", variant="none", exporter="onnx", target="host", status="ok", format="onnx",
    precision="fp32", latency_p50_s=2e-3,
)  # fmt: skip
INT8 = changed(
    FLOAT, exporter="onnx-int8", precision="int8", latency_p50_s=1e-3, int8_operators=10, float_operators=5,
    conversions=2, int8_time_share=0.8, conversion_time_share=0.1, slowest_operator="QLinearConv",
    slowest_operator_share=0.7,
)  # fmt: skip


def told(sets: list[str], architecture: str = "x86_64", **changes: Any) -> str:
    m = changed(INT8, **changes)
    environment = {"architecture": architecture, "instruction_sets": sets}
    return int8_explanation.explain(m, Run("run", Path(), {}, environment, (FLOAT, m)))


@pytest.mark.parametrize(("cause", "changes", "sets", "architecture"), [
    ("faster", {"latency_p50_s": 1e-3}, [], "x86_64"),
    ("no VNNI", {}, ["avx2"], "x86_64"),
    ("no dot products", {}, [], "aarch64"),
    ("kernels", {}, ["avx_vnni"], "x86_64"),
    ("float", {"int8_time_share": 0.3}, ["avx2"], "x86_64"),
    ("conversions", {"int8_time_share": 0.2, "conversion_time_share": 0.5}, ["avx2"], "x86_64"),
    ("no int8", {"int8_operators": 0, "int8_time_share": 0.0}, ["avx2"], "x86_64"),
])  # fmt: skip
def test_the_cause(cause: str, changes: dict[str, Any], sets: list[str], architecture: str) -> None:
    snapshots.check_line("causes-of-int8", cause, told(sets, architecture, **{"latency_p50_s": 8e-3, **changes}))


@pytest.mark.parametrize(("latency", "said"), [(1e-3, "2.0 times faster"), (8e-3, "4.0 times slower")])
@pytest.mark.parametrize("apart", [True, False])
def test_what_the_intervals_leave_open_is_within_the_noise(latency: float, said: str, apart: bool) -> None:
    def timed(m: Measurement, factor: float) -> Measurement:
        median = value(m, "latency_p50_s") or 0
        return changed(m, latency_p50_low_s=median / factor, latency_p50_high_s=median * factor)

    factor = 1.2 if apart else 3.0
    dense, int8 = timed(FLOAT, factor), timed(changed(INT8, latency_p50_s=latency), factor)
    text = int8_explanation.explain(int8, Run("run", Path(), {}, {}, (dense, int8)))
    assert text.startswith(f"{said} than onnx{'' if apart else ', within the noise'}: ")


def test_about_as_fast() -> None:
    assert told(["avx2"], latency_p50_s=1.95e-3).startswith("not faster than onnx: ")


def test_emulated_latency_is_not_explained() -> None:
    assert told([], emulated=True).startswith(
        "emulated, so its latency says nothing; here 80% of the time in 10 int8 operators"
    )


def test_nothing_to_compare_with() -> None:
    text = int8_explanation.explain(INT8, Run("run", Path(), {}, {}, (INT8,)))
    assert text.startswith("no float file of its kind was measured beside it; 80% of the time in 10 int8 operators")


def test_only_what_was_profiled() -> None:
    assert int8_explanation.explain(FLOAT, Run("run", Path(), {}, {}, (FLOAT,))) == ""
    assert int8_explanation.explain(changed(INT8, status="failed"), Run("run", Path(), {}, {}, (FLOAT,))) == ""


def test_a_pruned_one_is_compared_with_the_pruned_float_file() -> None:
    pruned = changed(FLOAT, variant="structured-0.5", latency_p50_s=5e-4)
    m = changed(INT8, variant="structured-0.5")
    assert int8_explanation.counterpart(m, (FLOAT, pruned, m)) is pruned
    assert int8_explanation.counterpart(m, (FLOAT, m)) is FLOAT


def test_one_trained_with_quantization_is_compared_with_what_it_was_before() -> None:
    pruned = changed(FLOAT, variant="structured-0.5", latency_p50_s=1.5e-3)
    m = changed(INT8, variant="structured-0.5+qat")

    def said(*rows: Measurement) -> str:
        return int8_explanation.explain(m, Run("run", Path(), {}, {}, (*rows, m))).partition(":")[0]

    assert said(FLOAT, pruned) == "1.5 times faster than onnx · structured-0.5"
    assert said(FLOAT) == "2.0 times faster than onnx of the dense model"
    m = changed(INT8, variant="qat")
    assert said(FLOAT) == "2.0 times faster than onnx"


def test_a_network_that_is_mostly_float_is_told_why_its_file_did_not_shrink() -> None:
    """As dynamic int8 of a ResNet-18, whose only linear layer is its head."""
    facts = ArtifactFacts(44_705_000, int8_weights=512 / 11_166_912, int8_macs=512 / 3.88e9)
    mostly = replace(INT8, precision="int8-dynamic", artifact=facts)
    run = Run("run", Path(), {}, {}, (FLOAT, mostly))
    text = int8_explanation.explain(mostly, run)
    assert text.endswith(
        "; int8 are less than 0.01% of its weights and less than 0.01% of its multiply-adds, since dynamic int8 "
        "leaves convolutions in float: the file cannot be much smaller, nor a prediction much faster"
    )
    whole = replace(INT8, artifact=ArtifactFacts(11_297_000, int8_weights=0.97, int8_macs=0.99))
    assert "its weights" not in int8_explanation.explain(whole, run)
