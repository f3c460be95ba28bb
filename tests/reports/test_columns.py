"""The short table: its order, and its numbers as texts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench.reports import columns


@pytest.mark.parametrize(
    ("low", "p50", "high", "text"),
    [
        (0.00353, 0.0036, 0.0037, "3.60 ms (3.53–3.70)"), (0.000353, 0.00036, 0.00037, "0.360 ms (0.353–0.370)"),
        (0.0000353, 0.000036, 0.000037, "0.0360 ms (0.0353–0.0370)"), (1e-9, 0.0036, 200.0, "3.60 ms (unsure)"),
    ],
)  # fmt: skip
def test_latencies_have_digits_that_tell(low: float, p50: float, high: float, text: str) -> None:
    m = changed(OK, latency_p50_low_s=low, latency_p50_s=p50, latency_p50_high_s=high)
    assert columns.latency(m) == text


def test_measured_cells_come_first_from_the_fastest() -> None:
    rows = [
        changed(OK, model=model, exporter=exporter, latency_p50_s=p50)
        for model, exporter, p50 in (("b", "x", 1.0), ("a", "slow", 3.0), ("a", "fast", 2.0))
    ]
    bad = changed(failed("bad", "it broke"), model="a")
    other = changed(OK, target="a-target")
    elsewhere = changed(OK, model="c", target="pi", emulated=True)
    emulated = [changed(elsewhere, exporter=name, latency_p50_s=p50) for name, p50 in (("b2", 1.0), ("a1", 2.0))]
    run = run_of(bad, other, *emulated, *rows)
    found = [(m.cell.target, m.cell.model, m.cell.exporter) for m in columns.ordered(run)]
    assert found == [
        ("host", "a", "fast"), ("host", "a", "slow"), ("host", "b", "x"), ("host", "a", "bad"),
        ("a-target", "resnet1d", "onnx"), ("pi", "c", "a1"), ("pi", "c", "b2"),
    ]  # fmt: skip


def test_targets_have_the_plans_order() -> None:
    run = replace(run_of(OK, changed(OK, target="a"), changed(OK, target="b")), plan={"targets": ["b", "host"]})
    assert [m.cell.target for m in columns.ordered(run)] == ["b", "host", "a"]


def test_a_row_has_a_text_for_each_heading() -> None:
    row = dict(
        zip(columns.headings([OK]), columns.row(changed(OK, variant="l1-0.4", delta_macro_f1=-0.0123)), strict=True)
    )
    assert row == {
        "model": "resnet1d", "exporter": "onnx · l1-0.4", "target": "host", "size": "5.50 MB", "zip": "5.10 MB",
        "memory": "75 MB", "p50 latency": "2.10 ms (2.00–2.20)", "macro-F1": "0.700 (0.650–0.750)",
        "Δ F1": "-0.0123", "timing": "stable",
    }  # fmt: skip


def test_what_was_not_measured_is_empty() -> None:
    row = dict(zip(columns.headings([]), columns.row(failed("bad", "it broke")), strict=True))
    assert {text for name, text in row.items() if name not in ("model", "exporter", "target", "timing")} == {""}
    assert row["timing"] == "failed"
    assert columns.delta(changed(OK, delta_macro_f1=-0.0)) == "+0.0000", "no minus without a loss"


def test_only_a_reason_is_a_doubt() -> None:
    noisy = changed(OK, verdict="noisy", verdict_reason="they differ")
    assert (columns.doubt(OK), columns.doubt(noisy)) == ("", "noisy: they differ")
    assert columns.doubt(failed("bad", "it broke")) == ""


@pytest.mark.parametrize("name", ["paced_p50_s", "best_batch", "cold_load_s", "energy_j"])
def test_other_ways_of_timing_are_noticed(name: str) -> None:
    assert not columns.has_passes(OK) and columns.has_passes(changed(OK, **{name: 1}))
