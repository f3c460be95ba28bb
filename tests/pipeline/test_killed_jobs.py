"""What a resume does again, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_rows import OK

from edgebench.core.contracts import Outcome
from edgebench.core.job_keys import JobKey
from edgebench.core.job_results import Memory
from edgebench.pipeline import killed_jobs, run_files, run_store
from edgebench.pipeline.run_store import RunStore

KILLED = "check in a fresh process: the process was ended by SIGKILL (out of memory, or killed from outside)"
OTHERS = ("the process was ended by SIGSEGV", "no answer within 3 s", "ValueError: SIGKILL")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A journal with a killed job, a crash, a timeout and a result."""
    found = run_store.create(tmp_path / "run", {}, {}, {})
    found.record(JobKey("build", "net", "none", "onnx"), Outcome("failed", KILLED))
    for number, reason in enumerate(OTHERS):
        found.record(JobKey("build", "net", "none", f"other{number}"), Outcome("failed", reason))
    found.record(JobKey("memory", "net", "none", "eager", "host"), Outcome("ok", result=Memory(10**8, 10**6)))
    return found


def jobs(store: RunStore) -> list[str]:
    return [str(key) for key, _ in run_files.journal(store.folder)]


def test_killed_jobs_go_and_all_others_stay(store: RunStore) -> None:
    before = jobs(store)
    assert killed_jobs.forget(store.folder, ()) == 1
    assert jobs(store) == before[1:]
    assert killed_jobs.forget(store.folder, ()) == 0
    assert len(run_store.reopen(store.folder, {}, {}, {}).outcomes) == 4


def test_rows_of_the_model_are_made_again_and_others_stay(store: RunStore) -> None:
    mine = replace(OK, cell=replace(OK.cell, model="net"))
    there = replace(OK, cell=replace(OK.cell, model="net", target="board"))
    lost = replace(there, cell=replace(there.cell, exporter="onnx-int8"), status="failed", reason=KILLED)
    other = replace(OK, cell=replace(OK.cell, model="other"))
    for row in (mine, there, lost, other):
        store.finish(row)
    assert killed_jobs.forget(store.folder, ["board"]) == 2
    assert run_files.measurements(store.folder) == [there, other]


def test_nothing_is_written_where_nothing_was_killed(tmp_path: Path) -> None:
    store = run_store.create(tmp_path / "run", {}, {}, {})
    assert killed_jobs.forget(store.folder, ()) == 0
    store.record(JobKey("build", "net", "none", "onnx"), Outcome("failed", OTHERS[0]))
    store.finish(OK)
    before = {p: p.stat().st_ino for p in store.folder.iterdir()}
    assert killed_jobs.forget(store.folder, ()) == 0
    assert {p: p.stat().st_ino for p in store.folder.iterdir()} == before
