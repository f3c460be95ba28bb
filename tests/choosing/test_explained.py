"""The cells that are meant, and their operators."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compared_runs import CELL, written
from flat_rows import changed

import edgebench
from edgebench.core.errors import RunError

FOUND = [{"name": "Conv", "kind": "float", "calls": 2, "seconds": 0.03},
         {"name": "Gemm", "kind": "float", "calls": 1, "seconds": 0.01}]  # fmt: skip


def test_words_choose_cells_and_a_cell_is_a_table_of_operators(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", CELL, changed(CELL, exporter="torchscript"))
    (folder / "profiles").mkdir()
    (folder / "profiles" / f"{CELL.cell.id}.json").write_text(json.dumps(FOUND))
    both = edgebench.explain(str(folder))
    assert {one.measurement.cell.exporter for one in both} == {"onnx", "torchscript"}
    (one,) = edgebench.explain(folder, "net onnx")
    assert list(one.to_pandas()["share"]) == [0.75, 0.25] and one.text in repr(one)
    assert "layer" not in one.text and one.records()[0]["layer"] == ""
    (other,) = edgebench.explain(folder, "torchscript")
    assert other.operators == () and other.to_pandas().empty
    with pytest.raises(RunError):
        edgebench.explain(folder, "tflite")


def test_a_float_cell_says_where_its_time_goes(tmp_path: Path) -> None:
    seen = [
        {"name": "Conv", "kind": "float", "calls": 1, "seconds": 0.02, "layer": "stem"},
        {"name": "Conv", "kind": "float", "calls": 1, "seconds": 0.01, "layer": "block"},
        {"name": "Relu", "kind": "float", "calls": 1, "seconds": 0.006, "layer": "stem"},
        {"name": "Shape", "kind": "float", "calls": 3, "seconds": 0.004, "layer": ""},
    ]
    profiled = changed(
        CELL, precision="fp32", int8_operators=0, float_operators=6, conversions=0, int8_time_share=0.0,
        conversion_time_share=0.0, slowest_operator="Conv", slowest_operator_share=0.75,
    )  # fmt: skip
    folder = written(tmp_path / "run", profiled)
    (without,) = edgebench.explain(folder)
    assert without.text == "time by operator: Conv 75%"
    (folder / "profiles").mkdir()
    (folder / "profiles" / f"{CELL.cell.id}.json").write_text(json.dumps(seen))
    (one,) = edgebench.explain(folder)
    assert one.text == "time by operator: Conv 75%, Relu 15%, Shape 10%; slowest layers: stem 65%, block 25%"
    assert [row["layer"] for row in one.records()] == ["stem", "block", "stem", ""]


def test_a_damaged_profile_is_refused_where_it_is_read(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", CELL)
    (folder / "profiles").mkdir()
    (folder / "profiles" / f"{CELL.cell.id}.json").write_text("[5]")
    (one,) = edgebench.explain(folder)
    with pytest.raises(RunError):
        one.to_pandas()
