"""report.json: for programs."""

from __future__ import annotations

import json
from pathlib import Path

from flat_rows import changed
from report_rows import OK, failed, run_of, text_of

from edgebench.core.flat_row import flatten
from edgebench.pipeline import run_store

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"


def test_it_has_every_field_and_the_front() -> None:
    worse = changed(OK, exporter="eager", latency_p50_s=0.009, latency_p50_low_s=0.008, latency_p50_high_s=0.01)
    emulated = changed(OK, target="pi", emulated=True, verdict="emulated")
    page = json.loads(text_of("json", run_of(OK, worse, emulated, failed("bad", "it broke"))))
    assert (page["report"], page["version"], page["run"]) == ("edgebench", 2, "r")
    (machine,) = page["machines"]
    rows = {row["id"]: row for row in machine["measurements"]}
    assert all({*flatten(OK), "id", "pareto", "lost"} == set(row) for row in rows.values())
    marks = {(row["exporter"], row["target"]): row["pareto"] for row in rows.values()}
    assert marks == {
        ("onnx", "host"): True, ("eager", "host"): False, ("onnx", "pi"): None, ("bad", "host"): None,
    }  # fmt: skip
    good = rows[OK.cell.id]
    assert (good["latency_p50_s"], good["f1_by_class"], good["paced_p50_s"]) == (0.0021, {"NORM": 0.8, "MI": 0.6}, None)


def test_it_has_what_is_recommended_and_each_machine() -> None:
    runs = [run_store.read(REFERENCE / name) for name in ("ptbxl-x86", "variants-resnet1d")]
    page = json.loads(text_of("json", run_store.merged(runs)))
    x86, variants = page["machines"]
    assert (x86["runs"], variants["runs"]) == (["ptbxl-x86"], ["variants-resnet1d"])
    assert (x86["measuring"]["min_seconds"], variants["measuring"]["min_seconds"]) == (2.0, 1.0)
    assert x86["environment"]["packages"]["torch"] == "2.15.0" != variants["environment"]["packages"]["torch"]
    assert [len(m["measurements"]) for m in page["machines"]] == [16, 42]
    advice = {a["target"]: a for a in x86["recommendations"]}
    assert set(advice) == {"host", "arm-qnnpack"}
    chosen = next(row for row in x86["measurements"] if row["id"] == advice["host"]["chosen"])
    assert chosen["target"] == "host" and chosen["pareto"] and chosen["artifact_sha256"] == advice["host"]["sha256"]
    assert "arm-qnnpack" in advice["arm-qnnpack"]["chosen"] and "emulated" in advice["arm-qnnpack"]["why"]


def test_without_an_fp32_model_no_drop_is_asked_for() -> None:
    alone = changed(OK, delta_macro_f1=None, delta_low=None, delta_high=None)
    (machine,) = json.loads(text_of("json", run_of(alone)))["machines"]
    (advice,) = machine["recommendations"]
    assert (advice["chosen"], advice["max_drop"]) == (alone.cell.id, 0.01)
    (machine,) = json.loads(text_of("json", run_of(OK)))["machines"]
    assert machine["recommendations"][0]["max_drop"] == 0.01
