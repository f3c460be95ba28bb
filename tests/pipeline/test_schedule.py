"""Timed passes beside the closed loop, on real artifacts."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from flat_rows import value
from helpers import QUICK, StopAfter, lines_of, quick

from edgebench import api
from edgebench.core.errors import PlanError
from edgebench.core.progress import ProgressReporter
from edgebench.core.settings import Measuring
from edgebench.pipeline import schedule

FIRST = min(os.sched_getaffinity(0))
"""A core that the tests may use."""


class Heard(ProgressReporter):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def timing(**changes: object) -> Measuring:
    return dataclasses.replace(QUICK, **changes)  # type: ignore[arg-type]


def test_an_emulated_cell_is_timed_once() -> None:
    measuring = timing(paced_s=0.1, batches=(1, 8), cold_starts=2)
    assert [(p.name, p.processes) for p in schedule.passes(measuring, emulated=True)] == [("latency", 1)]
    assert [(p.name, p.processes, p.batch) for p in schedule.passes(measuring, emulated=False)] == [
        ("latency", 2, 1), ("paced", 2, 1), ("batch8", 2, 8), ("cold", 2, 1),
    ]  # fmt: skip


def test_all_passes_stand_in_one_row(exported: Path, tmp_path: Path) -> None:
    measuring = timing(paced_s=0.02, batches=(4, 100), cold_starts=2, cores=(FIRST,))
    run = api.run(quick(exported, "onnx", measuring=measuring), tmp_path / "run")
    (m,) = run.measurements
    assert (m.status, value(m, "paced_every_s")) == ("ok", 0.02)
    paced = np.concatenate([np.load(path) for path in (run.folder / "samples").glob("paced~*.npy")])
    assert value(m, "paced_p50_s") == pytest.approx(np.median(paced))
    # Student's interval is wide with two processes, and no bound of it need be a time that was seen.
    assert 0 < (value(m, "paced_p50_low_s") or 0) <= np.median(paced) <= (value(m, "paced_p50_high_s") or 0)
    # Batches larger than the set of 24 records go round it.
    assert list(value(m, "batch_throughputs_per_s")) == ["1", "4", "100"]
    assert value(m, "best_batch") in (1, 4, 100)
    one = float(np.median(np.concatenate([np.load(run.folder / "samples" / f"{m.cell.id}~{n}.npy") for n in (0, 1)])))
    assert value(m, "batch_throughputs_per_s")["1"] == pytest.approx(1 / one)
    assert (
        value(m, "cold_load_s") is None or value(m, "cold_load_s") > 0
    )  # empty where the folder's file system is in memory
    assert len(value(m, "process_medians_s")) == 2
    assert {path.name.partition("~")[0] for path in (run.folder / "samples").iterdir()} == {
        "paced", "batch4", "batch100", m.cell.model,
    }  # fmt: skip
    jobs = [str(line["job"]).partition("~")[0] for line in lines_of(run.folder / "journal.jsonl")]
    assert {kind: jobs.count(kind) for kind in ("latency", "paced", "batch4", "cold")} == {
        "latency": 2, "paced": 2, "batch4": 2, "cold": 2,
    }  # fmt: skip


def test_interrupted_passes_are_completed(exported: Path, tmp_path: Path) -> None:
    plan = quick(exported, "onnx", measuring=timing(paced_s=0.01, batches=(4,)))
    with pytest.raises(KeyboardInterrupt):
        api.run(plan, tmp_path / "run", listener=StopAfter("measure latency", 4))
    before = lines_of(tmp_path / "run" / "journal.jsonl")
    lost = next((tmp_path / "run" / "samples").glob("*.npy"))
    lost.write_bytes(b"")  # as a power cut leaves it
    (m,) = api.run(plan, tmp_path / "run", resume=True).measurements
    assert m.status == "ok"
    assert set(value(m, "batch_throughputs_per_s")) == {"1", "4"}
    assert len(lines_of(tmp_path / "run" / "journal.jsonl")) == len(before) + 2 + 1


def test_more_processes_until_the_interval_is_narrow(exported: Path, tmp_path: Path) -> None:
    heard = Heard()
    measuring = timing(steady=1e-3, steady_limit_s=2.0)
    (m,) = api.run(quick(exported, "onnx", measuring=measuring), tmp_path / "run", listener=heard).measurements
    assert len(value(m, "process_medians_s")) > 2, "more than the plan's processes"
    width = ((value(m, "latency_p50_high_s") or 0) - (value(m, "latency_p50_low_s") or 0)) / (
        value(m, "latency_p50_s") or 1
    )
    assert width <= 1e-3 or heard.notes == [f"{m.cell.label}: not steady within 2 s"]
    (wide,) = api.run(
        quick(exported, "onnx", measuring=timing(steady=1000.0)), tmp_path / "wide"
    ).measurements  # fmt: skip
    assert len(value(wide, "process_medians_s")) == schedule.LEAST_STEADY


def test_threads_are_no_more_than_the_cores_that_are_chosen(exported: Path, tmp_path: Path) -> None:
    plan = quick(exported, "onnx", measuring=timing(cores=(FIRST,)), threads=None)
    run = api.run(plan, tmp_path / "run")
    assert run.environment["target_threads"] == {"host": 1}
    text = (run.folder / "journal.jsonl").read_text()
    timed = [json.loads(line) for line in text.splitlines() if "latency~" in line]
    assert {line["result"]["settings"]["threads"] for line in timed} == {"1"}


def test_a_core_that_is_not_there_is_refused(exported: Path) -> None:
    with pytest.raises(PlanError, match="cores 4096: "):
        quick(exported, "onnx", measuring=timing(cores=(FIRST, 4096)))


def test_a_cell_ends_in_time_with_the_samples_that_it_has(exported: Path, tmp_path: Path) -> None:
    """The limit is shorter than any loading, so that this does not depend on the machine."""
    measuring = timing(processes=3, max_seconds=1e-3, batches=(4,), cold_starts=2)
    run = api.run(quick(exported, "onnx", measuring=measuring), tmp_path / "run")
    (m,) = run.measurements
    assert (m.status, value(m, "verdict"), value(m, "latency_samples")) == ("ok", "short", 1)
    assert value(m, "verdict_reason").startswith("a cell may take 0.001 s: 1 of 3 processes, 1 sample")
    assert m.scores is None and "1 of 24 records" in m.reason
    assert not list(run.folder.glob("predictions/*.npy"))
    assert m.memory is not None and m.operators is not None
    assert value(m, "latency_p50_s") > 0 and value(m, "latency_p50_low_s") is None
    assert set(value(m, "batch_throughputs_per_s")) == {"1", "4"}
    jobs = [str(line["job"]).partition("~")[0] for line in lines_of(run.folder / "journal.jsonl")]
    assert [jobs.count(kind) for kind in ("latency", "batch4", "cold")] == [1, 1, 1]
