"""Timed passes beside the closed loop, on real artifacts."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from flat_rows import value
from helpers import QUICK, StopAfter, edgebench, lines_of, quick

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
    measuring = timing(steady=1e-3, steady_limit_s=4.0)
    (m,) = api.run(quick(exported, "onnx", measuring=measuring), tmp_path / "run", listener=heard).measurements
    assert len(value(m, "process_medians_s")) > 2, "more than the plan's processes"
    width = ((value(m, "latency_p50_high_s") or 0) - (value(m, "latency_p50_low_s") or 0)) / (
        value(m, "latency_p50_s") or 1
    )
    assert width <= 1e-3 or heard.notes == [f"{m.cell.label}: not steady within 4 s"]
    (wide,) = api.run(
        quick(exported, "onnx", measuring=timing(steady=1000.0)), tmp_path / "wide"
    ).measurements  # fmt: skip
    assert len(value(wide, "process_medians_s")) == schedule.LEAST_STEADY


def test_a_machine_without_a_temperature_is_told_once(exported: Path, tmp_path: Path) -> None:
    from edgebench.measuring import sensors

    if sensors.temperature_c() is not None:
        pytest.skip("this machine shows its temperature")
    heard = Heard()
    measuring = timing(cool_down_c=50.0)
    api.run(quick(exported, "onnx", measuring=measuring), tmp_path / "run", listener=heard)
    assert heard.notes == ["this machine shows no temperature: there is nothing that --cool-down could wait for"]


def test_threads_are_no_more_than_the_cores_that_are_chosen(exported: Path, tmp_path: Path) -> None:
    plan = quick(exported, "onnx", measuring=timing(cores=(FIRST,)), threads=None)
    run = api.run(plan, tmp_path / "run")
    assert run.environment["target_threads"] == {"host": 1}
    text = (run.folder / "journal.jsonl").read_text()
    timed = [json.loads(line) for line in text.splitlines() if "latency~" in line]
    assert {line["result"]["settings"]["threads"] for line in timed} == {"1"}


def test_what_cannot_take_batches_is_told_once(exported: Path, tmp_path: Path) -> None:
    """An ONNX file from elsewhere whose batch is fixed at one: its cell has everything but that figure."""
    import onnx

    model = onnx.load(exported / "onnx" / "model.onnx")
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, tmp_path / "net.onnx")
    card = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"]\nthresholds = [0.5, 0.5, 0.5, 0.5, 0.5]\n'
    (tmp_path / "net.toml").write_text(card)
    heard = Heard()
    plan = quick(tmp_path, "net.onnx", measuring=timing(batches=(4,)))
    (m,) = api.run(plan, tmp_path / "run", listener=heard).measurements
    assert (m.status, value(m, "batch_throughputs_per_s"), value(m, "best_batch")) == ("ok", {}, None)
    assert heard.notes == [f"{m.cell.id}: no batches of 4: it takes one record at a time"]


def test_a_core_that_is_not_there_is_refused(exported: Path) -> None:
    with pytest.raises(PlanError, match="cores 4096: there is no such core here; there are"):
        quick(exported, "onnx", measuring=timing(cores=(FIRST, 4096)))


def test_what_does_not_fit_into_a_targets_memory_is_a_row(exported: Path, tmp_path: Path) -> None:
    def measured(limit_mb: int) -> tuple[str, str]:
        profile = tmp_path / f"small{limit_mb}.toml"
        profile.write_text(
            f'name = "small{limit_mb}"\ndescription = "a small device"\narchitecture = ""\n'
            f"memory_limit_bytes = {limit_mb * 1_000_000}\n"
        )
        plan = quick(exported, "onnx", targets=(str(profile),))
        (m,) = api.run(plan, tmp_path / f"run{limit_mb}").measurements
        assert value(m, "macro_f1") is not None
        assert (value(m, "latency_p50_s") is None) == (m.status != "ok")
        return m.status, m.reason

    status, reason = measured(20)
    assert status == "unsupported"
    assert reason.startswith("memory: does not fit into the target's 20 MB of memory: the runtime alone has")
    assert measured(2000) == ("ok", "")


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (("--core", "4096"), "error: --core 4096: there is no such core here"),
        (("--batch", "0"), "error: --batch 0: must be at least 1"),
        (("--paced", "nan"), "error: --paced nan: must be a finite number"),
    ],
)
def test_bad_flags_get_one_line(flags: tuple[str, ...], line: str, tmp_path: Path) -> None:
    said = edgebench("run", "--exporter", "onnx", *flags, "-o", tmp_path / "run")
    assert said.returncode == 2
    assert line in " ".join(said.stderr.split())
    assert not (tmp_path / "run").exists()
