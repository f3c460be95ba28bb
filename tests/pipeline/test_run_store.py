"""A run's folder: what it keeps, and what a resume refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import StopAfter, quick

from edgebench import api
from edgebench.core.contracts import Outcome
from edgebench.core.errors import RunError
from edgebench.core.job_keys import JobKey
from edgebench.pipeline import run_store


def test_a_run_that_never_began_leaves_what_was_there(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for folder in (theirs / "run", tmp_path / "a" / "b" / "run"):
        with pytest.raises(ValueError, match="no"), run_store.locked(folder):
            raise ValueError("no")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["theirs"] and not list(theirs.iterdir())


def test_outcomes_keep_their_reason(tmp_path: Path) -> None:
    store = run_store.create(tmp_path / "run", {}, {}, {})
    key = JobKey("build", "net", "none", "onnx")
    store.record(key, Outcome("failed", "because"))
    assert run_store.reopen(tmp_path / "run", {}, {}, {}).outcomes == {key: Outcome("failed", "because")}


def test_a_plan_of_an_earlier_version_has_fewer_fields(exported: Path, tmp_path: Path) -> None:
    plan, folder = quick(exported, "onnx"), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, folder, listener=StopAfter("measure memory", 1))
    stored = json.loads((folder / "plan.json").read_text())
    del stored["plan"]["finetuning"], stored["plan"]["tune_thresholds"], stored["plan"]["measuring"]["batches"]
    del stored["inputs"]["targets"]["host"]["memory_limit_bytes"]
    (folder / "plan.json").write_text(json.dumps(stored))
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


def test_a_folder_is_never_overwritten(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="already there"):
        api.run(quick(exported, "onnx"), tmp_path / "run")


def test_two_at_one_run_are_refused(exported: Path, tmp_path: Path) -> None:
    with run_store.locked(tmp_path / "run"), pytest.raises(RunError, match="another process"):
        api.run(quick(exported, "onnx"), tmp_path / "run")
