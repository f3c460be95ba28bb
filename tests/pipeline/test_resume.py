"""Runs that were interrupted: what a resume does again, what it does not, and what it refuses."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from flat_rows import value
from helpers import QUICK, StopAfter, lines_of, quick
from rich.console import Console

from edgebench import api
from edgebench.core.contracts import Outcome
from edgebench.core.errors import RunError
from edgebench.core.progress import ProgressReporter
from edgebench.pipeline import run_store
from edgebench.pipeline.plan import load
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
    assert f"run is incomplete: {left} cell" in (shown := console.export_text())
    assert f"edgebench measure --resume {folder}" in shown.replace("\n", "")
    run = api.run(plan, folder, resume=True)
    assert run.unmeasured == 0
    after = lines_of(folder / "journal.jsonl")
    assert after[: len(before)] == before
    assert len({str(line["job"]) for line in after}) == len(after) == 2 * (1 + 1 + 2) + 1  # a profile of the int8 one
    assert [m.status for m in run.measurements] == ["ok", "ok"]
    finished = (folder / "measurements.jsonl").read_text()
    heard = Notes()
    api.run(plan, folder, resume=True, listener=heard)
    assert (folder / "measurements.jsonl").read_text() == finished
    assert heard.notes == ["2 of 2 cells were measured before and are kept; nothing is left to measure"]
    assert heard.cells == 0


def test_a_run_that_never_began_leaves_what_was_there(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for folder in (theirs / "run", tmp_path / "a" / "b" / "run"):
        with pytest.raises(ValueError, match="no"), run_store.locked(folder):
            raise ValueError("no")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["theirs"] and not list(theirs.iterdir())


class Notes(ProgressReporter):
    """Keeps the lines that stay, and how many cells are to come."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.cells = -1

    def note(self, text: str) -> None:
        self.notes.append(text)

    def outline(self, cells: int, steps: Mapping[str, int], elsewhere: int = 0) -> None:
        self.cells = cells


def test_a_changed_artifact_is_refused(exported: Path, tmp_path: Path) -> None:
    plan = load(
        None, {"exporters": ("eager",), "targets": ("host",), "limit": 8, "threads": 1, "measuring": vars(QUICK)}
    )
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, tmp_path / "run", listener=StopAfter("measure memory", 1))
    weights = next((tmp_path / "run" / "artifacts").rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(Exception, match="changed since it was exported"):
        api.run(plan, tmp_path / "run", resume=True)


def test_outcomes_keep_their_reason(tmp_path: Path) -> None:
    store = run_store.create(tmp_path / "run", {}, {}, {})
    store.record("a", Outcome("failed", "because"))
    assert run_store.reopen(tmp_path / "run", {}, {}, {}).outcomes == {"a": Outcome("failed", "because")}


def test_a_plan_of_an_earlier_version_has_fewer_fields(exported: Path, tmp_path: Path) -> None:
    plan, folder = quick(exported, "onnx"), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, folder, listener=StopAfter("measure memory", 1))
    saved = json.loads((folder / "plan.json").read_text())
    del saved["plan"]["finetuning"], saved["plan"]["tune_thresholds"], saved["plan"]["measuring"]["batches"]
    del saved["inputs"]["targets"]["host"]["memory_limit_bytes"]
    (folder / "plan.json").write_text(json.dumps(saved))
    assert [m.status for m in api.run(plan, folder, resume=True).measurements] == ["ok"]


def test_what_a_power_cut_took_is_measured_again(exported: Path, tmp_path: Path) -> None:
    plan, folder = quick(exported, "onnx"), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, folder, listener=StopAfter("measure latency", 1))
    lost = next((folder / "samples").glob("*.npy"))
    lost.write_bytes(b"")
    run = api.run(plan, folder, resume=True)
    assert [m.status for m in run.measurements] == ["ok"]
    assert len(np.load(lost)) == 5


def test_a_damaged_journal_is_one_line(exported: Path, tmp_path: Path) -> None:
    plan, folder = quick(exported, "onnx"), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, folder, listener=StopAfter("measure memory", 1))
    journal = folder / "journal.jsonl"
    journal.write_text("{damaged\n" + journal.read_text())
    with pytest.raises(RunError, match=r"journal.jsonl:1: not a journal's line"):
        api.run(plan, folder, resume=True)


def test_a_changed_target_profile_is_refused(exported: Path, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text('name = "mine"\ndescription = "x"\narchitecture = ""\nthreads = 1\n')
    plan, folder = quick(exported, "onnx", targets=(str(profile),)), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, folder, listener=StopAfter("measure memory", 1))
    profile.write_text(profile.read_text().replace("threads = 1", "threads = 2"))
    with pytest.raises(RunError, match="the inputs changed since it began \\(targets\\)"):
        api.run(plan, folder, resume=True)


def test_an_interrupted_export_is_resumed(tmp_path: Path) -> None:
    fields = {"exporters": ("eager", "onnx"), "targets": ("host",), "limit": 8, "threads": 1, "measuring": vars(QUICK)}
    plan = load(None, fields)
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, tmp_path / "run", listener=StopAfter("export and check", 1))
    before = lines_of(tmp_path / "run" / "journal.jsonl")
    assert all(line["status"] == "ok" for line in before), "an interrupted check is not a failed one"
    run = api.run(plan, tmp_path / "run", resume=True)
    assert [m.status for m in run.measurements] == ["ok", "ok"]


def test_what_is_named_twice_is_meant_once(exported: Path, tmp_path: Path) -> None:
    assert quick(exported, "onnx", "onnx").artifacts == (exported / "onnx",)
    profile = tmp_path / "mine.toml"
    profile.write_text('name = "cuda"\ndescription = "x"\narchitecture = ""\n')
    with pytest.raises(Exception, match="two profiles have one name"):
        quick(exported, "onnx", targets=("cuda", str(profile)))


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
