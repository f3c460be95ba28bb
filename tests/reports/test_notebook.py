"""A run as a table, and the notebook in docs/, cell by cell."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from compared_runs import CELL, written
from flat_rows import changed

import edgebench
from edgebench.core.measurements import Run

ROOT = Path(__file__).parents[2]
QUICK = {"processes": 2, "min_samples": 5, "min_seconds": 0.0, "warmup": 1}


def test_a_run_is_a_table_of_its_cells(tmp_path: Path) -> None:
    failed = changed(CELL, exporter="torchscript", status="failed", reason="broke", latency_p50_s=None)
    folder = written(tmp_path / "run", CELL, failed)
    run = edgebench.read(str(folder))
    assert isinstance(run, Run) and run.folder == folder
    pd.testing.assert_frame_equal(
        run.to_pandas()[["exporter", "file_size_bytes", "macro_f1"]],
        pd.read_csv(edgebench.report(folder, "csv")[0])[["exporter", "file_size_bytes", "macro_f1"]],
        check_dtype=False,
    )
    assert "1 ok, 1 failed" in repr(run) and "broke" in repr(run) and "broke" in run._repr_html_()
    assert "onnx" in repr(CELL) and "macro-F1 0.7" in repr(CELL) and len(repr(CELL)) < 120


def evaluated(source: str, names: dict[str, Any]) -> object:
    """Carry out a cell; its value is that of its last line, as in Jupyter."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if isinstance(last, ast.Expr) else None


def test_the_notebook_runs(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it exports was exported before: `run` measures that, with few samples."""

    def run(output: str, exporters: tuple[str, ...], targets: tuple[str, ...], limit: int) -> Run:
        files = [exported / name for name in exporters]
        return edgebench.measure(files, output, targets=targets, limit=limit // 8, threads=1, measuring=QUICK)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(edgebench, "run", run, raising=False)
    notebook = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not [cell for cell in cells if cell["outputs"]]
    values = [evaluated("".join(cell["source"]), names) for cell in cells]
    for value in values:
        shown = value._repr_html_() if hasattr(value, "_repr_html_") else repr(value)
        assert shown and len(repr(value)) < 10_000
    assert set(names["frame"]["exporter"]) == {"onnx", "onnx-int8"}
    assert names["answers"][0].path.is_file()
