"""A run's folder: what it keeps, and what a resume refuses."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flat_rows import changed
from helpers import StopAfter, quick
from report_rows import OK, run_of

from edgebench import api
from edgebench.core.contracts import Outcome
from edgebench.core.errors import DiskFull, RunError
from edgebench.core.files import PART
from edgebench.core.job_keys import JobKey
from edgebench.pipeline import run_store


def test_a_run_that_never_began_leaves_what_was_there(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for folder in (theirs / "run", tmp_path / "a" / "b" / "run"):
        with pytest.raises(ValueError, match="no"), run_store.locked(folder):
            raise ValueError("no")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["theirs"] and not list(theirs.iterdir())


def test_a_disk_that_is_full_at_the_start_leaves_the_folder_free(tmp_path: Path) -> None:
    disk = tmp_path / "small"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        (disk / "filler").write_bytes(bytes(56 * 1024))  # two pages are left: environment.json, and half a plan.json
        with pytest.raises(DiskFull, match=rf"no space left for {disk / 'run'} "):
            run_store.create(disk / "run", {"models": ["x" * 8000]}, {}, {})
        assert not list((disk / "run").iterdir())
        (disk / "filler").unlink()
        run_store.create(disk / "run", {"models": ["x" * 8000]}, {}, {})
    finally:
        subprocess.run(["umount", disk], check=True)


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
    with pytest.raises(RunError, match=r"journal.jsonl:1: "):
        api.run(plan, folder, resume=True)


def test_a_changed_target_profile_is_refused(exported: Path, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text('name = "mine"\ndescription = "x"\narchitecture = ""\nthreads = 1\n')
    plan, folder = quick(exported, "onnx", targets=(str(profile),)), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, folder, listener=StopAfter("measure memory", 1))
    profile.write_text(profile.read_text().replace("threads = 1", "threads = 2"))
    with pytest.raises(RunError, match=r"\(targets\)"):
        api.run(plan, folder, resume=True)


def test_a_folder_is_never_overwritten(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="already there"):
        api.run(quick(exported, "onnx"), tmp_path / "run")


def test_a_run_that_was_killed_while_it_started_can_be_started_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run_store.create(folder, {}, {}, {})
    (folder / "plan.json").rename(folder / f".plan.json{PART}x.json")
    (folder / ".lock").write_text("")
    run_store.require_free(folder)
    run_store.create(folder, {}, {}, {})
    assert {p.name for p in folder.iterdir()} == {".lock", "plan.json", "environment.json", *run_store.FOLDERS}


@pytest.mark.parametrize("theirs", ["environment.json", "samples", "samples/x.npy", "artifacts/net/manifest.json"])
def test_what_is_somebody_elses_is_not_taken_for_such_a_run(theirs: str, tmp_path: Path) -> None:
    (tmp_path / "run" / theirs).parent.mkdir(parents=True)
    (tmp_path / "run" / theirs).write_text("mine")
    with pytest.raises(RunError, match="already there"):
        run_store.require_free(tmp_path / "run")


def test_what_killed_processes_left_unfinished_goes_with_a_resume(tmp_path: Path) -> None:
    folder = run_store.create(tmp_path / "run", {}, {}, {}).folder
    (folder / "samples" / f".a~0.npy{PART}abc.npy").write_bytes(b"half")
    (folder / "devices" / f".board{PART}abc" / "new").mkdir(parents=True)
    run_store.reopen(folder, {}, {}, {})
    assert list((folder / "samples").iterdir()) == list((folder / "devices").iterdir()) == []


def test_two_at_one_run_are_refused(exported: Path, tmp_path: Path) -> None:
    with run_store.locked(tmp_path / "run"), pytest.raises(RunError, match="another process"):
        api.run(quick(exported, "onnx"), tmp_path / "run")


def test_samples_that_are_damaged_or_gone_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    np.save(tmp_path / "samples" / f"{OK.cell.id}~0.npy", np.array([1.0, 2.0]))
    (tmp_path / "samples" / f"{OK.cell.id}~1.npy").write_bytes(b"cut off")
    run = replace(run_of(OK), folder=tmp_path)
    assert [list(samples) for samples in run_store.latencies(run, OK)] == [[1.0, 2.0]]
    assert run_store.latencies(run_of(OK), OK) == []


def test_a_name_that_no_file_can_have_has_no_samples(tmp_path: Path) -> None:
    m = changed(OK, model="m" * 120, exporter="e" * 140)
    (tmp_path / "samples").mkdir()
    assert run_store.latencies(replace(run_of(m), folder=tmp_path), m) == []


def test_cells_that_two_runs_of_one_name_have_are_refused() -> None:
    again = replace(run_of(changed(OK, run="s")), name="s")
    assert run_store.merged([run_of(OK), again]).measurements == (OK, again.measurements[0])
    with pytest.raises(RunError, match="same name"):
        run_store.merged([run_of(OK), run_of(OK)])
