"""Damaged baselines, profiles and rows: whatever is read of them can also be compared, recommended and reported."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from decisions import CELL
from mutations import hold, json_bytes, of_bytes, of_json
from rich.console import Console

from edgebench.choosing import comparison, gate
from edgebench.choosing.explained import Explanation
from edgebench.choosing.recommendation import Limits, recommend
from edgebench.cli import explain
from edgebench.core import registry
from edgebench.core.measurements import Run
from edgebench.core.settings import Bounds
from edgebench.measuring import environment
from edgebench.pipeline import run_store
from edgebench.pipeline.plan import Plan
from edgebench.reports import terminal

COUNT = 500
OTHER = replace(CELL, cell=replace(CELL.cell, exporter="onnx-int8"), precision="int8")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Two cells of this machine."""
    store = run_store.create(tmp_path / "run", Plan.of({}).document(), {}, environment.describe())
    for m in (CELL, OTHER):
        store.finish(m)
    (store.folder / "profiles").mkdir()
    return run_store.read(store.folder)


@pytest.mark.slow
def test_baselines(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    comparison.write_baseline(run, path)
    content = path.read_bytes()

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        gate.regressions(run, comparison.baseline(path), Bounds(), across=True)
        comparison.compared(run, comparison.baseline(path))

    assert sum(hold(read, of_bytes(content, COUNT))) == COUNT
    hold(lambda value: read(json_bytes(value)), of_json(json.loads(content), COUNT))


@pytest.mark.slow
def test_rows_that_are_read_can_be_used(run: Run) -> None:
    path = run.folder / "measurements.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    console = Console(file=io.StringIO(), width=80)

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged + second)
        found = run_store.read(run.folder)
        recommend(found, Limits())
        terminal.show(found, console)
        for name in ("csv", "json"):
            registry.renderer(name).render(found)

    hold(read, of_bytes(first, COUNT))
    hold(lambda value: read(json_bytes(value) + b"\n"), of_json(json.loads(first), COUNT))


@pytest.mark.slow
def test_profiles(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "out", Console(file=io.StringIO(), width=80))
    content = json.dumps([{"name": "Conv", "kind": "float", "calls": 1, "seconds": 0.01}] * 3).encode()
    path = run.folder / "profiles" / f"{CELL.cell.id}.json"

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        explain._operators(Explanation(CELL, "", path))

    assert hold(read, of_bytes(content, COUNT))[1]
    hold(lambda value: read(json_bytes(value)), of_json(json.loads(content), COUNT))
