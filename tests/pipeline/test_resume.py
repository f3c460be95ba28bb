"""Runs that were interrupted: what a resume does again, what it does not, and what it refuses."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from flat_rows import value
from helpers import QUICK, StopAfter, lines_of, quick
from rich.console import Console

from edgebench import api
from edgebench.core.progress import ProgressReporter
from edgebench.pipeline import run_store
from edgebench.pipeline.read_plan import load
from edgebench.reports import terminal


@pytest.mark.parametrize("stage", ["predict the test records", "measure memory", "measure latency"])
def test_interrupt_then_resume_measures_nothing_twice(exported: Path, tmp_path: Path, stage: str) -> None:
    plan, folder = quick(exported, "onnx", "onnx-int8"), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, folder, listener=StopAfter(stage, 2))
    before = lines_of(folder / "journal.jsonl")
    assert before
    stopped = run_store.read(folder)
    left = stopped.unmeasured
    assert left == 2 - len(stopped.measurements) > 0
    console = Console(width=200, record=True, file=io.StringIO())
    terminal.show(stopped, console)
    shown = console.export_text()
    assert f"{left} cell" in shown
    assert f"edgebench run --resume {folder}" in shown.replace("\n", "")
    run = api.run(plan, folder, resume=True)
    assert run.unmeasured == 0
    after = lines_of(folder / "journal.jsonl")
    assert after[: len(before)] == before
    assert len({str(line["job"]) for line in after}) == len(after) == 2 * (1 + 1 + 2 + 1)  # the last is its profile
    assert [m.status for m in run.measurements] == ["ok", "ok"]
    finished = (folder / "measurements.jsonl").read_text()
    heard = Notes()
    api.run(plan, folder, resume=True, listener=heard)
    assert (folder / "measurements.jsonl").read_text() == finished
    assert heard.notes == ["2 of 2 cells were measured before and are kept; nothing is left to measure"]
    assert heard.cells == 0


class Notes(ProgressReporter):
    """Keeps the lines that stay, and how many cells are to come."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.cells = -1

    def note(self, text: str) -> None:
        self.notes.append(text)

    def outline(self, cells: int, steps: Mapping[str, int], remote_cells: int = 0) -> None:
        self.cells = cells


def test_a_resumed_cell_is_held_against_one_that_had_ended(exported: Path, tmp_path: Path) -> None:
    plain = next(exported.rglob("onnx-int8/manifest.json")).parent
    other = tmp_path / "onnx-int8_entropy"
    shutil.copytree(plain, other)
    manifest = other / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"exporter": "onnx-int8"', '"exporter": "onnx-int8:entropy"'))
    plan = load(
        None, {"artifacts": [str(plain), str(other)], "targets": ["host"], "limit": 24, "measuring": vars(QUICK)}
    )
    run = api.run(plan, tmp_path / "run")
    row = {m.cell.exporter: m for m in run.measurements}["onnx-int8:entropy"]
    assert (value(row, "counterpart"), value(row, "counterpart_delta")) == ("onnx-int8", 0.0)
    path = tmp_path / "run" / "measurements.jsonl"
    lines = [line for line in path.read_text().splitlines(keepends=True) if "entropy" not in line]
    path.write_text("".join(lines))  # as a crash before its last line leaves it
    assert len(lines) == 1
    again = api.run(plan, tmp_path / "run", resume=True)
    assert {m.cell.exporter: m for m in again.measurements}["onnx-int8:entropy"] == row
