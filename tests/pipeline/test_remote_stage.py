"""The cells of one device: what it is sent, and what becomes of what it returns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_makers import contents
from flat_rows import changed
from report_rows import OK

from edgebench.core.cells import Cell, Target
from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DiskFull, RemoteError, RunError
from edgebench.core.job_keys import JobKey
from edgebench.core.job_results import TimedProcess
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import to_json
from edgebench.core.target_profiles import Fit
from edgebench.measuring.accuracy import Reference
from edgebench.pipeline import remote_stage, run_files, run_store
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import Built, Planned
from edgebench.remote import session
from edgebench.remote.bundles.writing import Contents
from edgebench.remote.session import Fetched
from edgebench.tasks.scoring import scoring

BOARD = Target("board", "a board", "aarch64", ssh="pi@board")
PLAN = Plan.of({"threads": 2, "seed": 7, "measuring": {"processes": 3}})


@pytest.fixture
def cells(tmp_path: Path) -> list[Planned]:
    """Two cells on the board, of one artifact each."""
    ((artifact, file),) = contents(tmp_path / "made", data=False).artifacts
    made = [replace(artifact, exporter=name) for name in ("onnx", "onnx-int8")]
    return [
        Planned(Cell("net", "none", a.exporter, "board"), BOARD, Fit(), Built(Outcome("ok", result=a), file))
        for a in made
    ]


def row(cell: Cell, **columns: Any) -> Measurement:
    return replace(changed(OK, **columns), cell=cell, run="there", host="the board's processor")


class Device:
    """Stands for the device: it notes what it is sent, and leaves these rows."""

    job = JobKey("latency", "net", "none", "onnx", "board", 0)

    def __init__(self, *rows: Measurement, failed: dict[str, str] | None = None) -> None:
        self.rows, self.failed = rows, failed or {}
        self.sent: list[Contents] = []

    def __call__(
        self, target: Target, sent: Contents, run: Path, reporter: ProgressReporter,
        wanted: Callable[[Path], Sequence[str]],
    ) -> Fetched:  # fmt: skip
        assert target == BOARD
        self.sent.append(sent)
        store = run_store.create(run / "devices" / target.name, PLAN.document(), {}, {"cpu": "there"})
        store.record(self.job, Outcome("ok", result=TimedProcess(0.1, 0.01, 5)))
        for m in self.rows:
            store.finish(m)
        np.save(store.output(self.job), np.linspace(0.001, 0.002, 5))
        (store.folder / "profiles").mkdir()
        (store.folder / "profiles" / "net~none~onnx-int8~board.json").write_text("{}")
        self.asked = list(wanted(store.folder))
        return Fetched(store.folder, self.failed)


def measured(
    patch: pytest.MonkeyPatch, device: Any, cells: list[Planned], records: RecordSet, run: Path,
    references: dict[tuple[str, str], Reference] | None = None,
) -> tuple[dict[str, Measurement], str]:  # fmt: skip
    patch.setattr(session, "measure", device)
    return remote_stage.measured(cells, PLAN, records, references or {}, run, ProgressReporter())


def test_it_is_sent_what_the_plan_says(
    cells: list[Planned], demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits = np.zeros((240, 5), np.float32)
    device = Device()
    measured(monkeypatch, device, cells, demo, tmp_path, {("net", "ab"): Reference(scoring(demo), logits, (0.5,) * 5)})
    (sent,) = device.sent
    assert [a.exporter for a, _ in sent.artifacts] == ["onnx", "onnx-int8"] and sent.targets == (BOARD,)
    assert (sent.records, sent.threads, sent.seed, sent.measuring.processes) == (demo, 2, 7, 3)
    (reference,) = sent.references
    assert (reference.model, reference.model_sha256, reference.thresholds) == ("net", "ab", (0.5,) * 5)
    assert reference.logits is logits


def test_its_rows_and_files_become_this_runs(
    cells: list[Planned], demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run" / "samples").mkdir(parents=True)
    (tmp_path / "run" / "samples" / "mine.npy").write_bytes(b"mine")
    stranger = row(Cell("other", "none", "onnx", "board"))
    device = Device(*(row(p.cell) for p in cells), stranger)
    found, missing = measured(monkeypatch, device, cells, demo, tmp_path / "run")
    assert set(found) == {p.cell.id for p in cells}, "and no row that nobody asked for"
    assert {(m.run, m.host) for m in found.values()} == {("run", "the board's processor")}
    assert "pi@board" in missing
    assert device.asked == ["samples/net~none~onnx~board~0.npy"]
    assert {p.name for p in (tmp_path / "run" / "samples").iterdir()} == {"mine.npy", "net~none~onnx~board~0.npy"}
    assert (tmp_path / "run" / "profiles" / "net~none~onnx-int8~board.json").is_file()


def test_a_row_that_is_missing_is_no_row(
    cells: list[Planned], demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, missing = measured(monkeypatch, Device(row(cells[0].cell)), cells, demo, tmp_path)
    assert set(found) == {cells[0].cell.id} and "pi@board" in missing


def test_a_runtime_that_pip_could_not_install_is_a_failure(
    cells: list[Planned], demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (p.cell for p in cells)
    rows = (
        row(one, status="unsupported", reason="onnxruntime is not installed", format="onnx"),
        row(other, status="unsupported", reason="no such engine", format="torchscript"),
    )
    found, _ = measured(monkeypatch, Device(*rows, failed={"onnx": "no wheel"}), cells, demo, tmp_path)
    first, second = found[one.id], found[other.id]
    assert first.status == "failed" and "onnxruntime is not installed" in first.reason and "no wheel" in first.reason
    assert (second.status, second.reason) == ("unsupported", "no such engine")


def test_a_device_that_is_lost_leaves_its_reason(
    cells: list[Planned], demo: RecordSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> Fetched:
        raise RemoteError("pi@board: the connection was lost")

    assert measured(monkeypatch, lost, cells, demo, tmp_path) == ({}, "pi@board: the connection was lost")

    def full(*_: object) -> Fetched:
        raise DiskFull("no space left")

    with pytest.raises(DiskFull):
        measured(monkeypatch, full, cells, demo, tmp_path)


def journal(folder: Path, *lines: str) -> Path:
    """A device's run that says it did these jobs."""
    run_store.create(folder, PLAN.document(), {}, {"cpu": "there"})
    timed = {"load_s": 1, "first_inference_s": 1, "samples": 5}
    predicted = {"records": 8}
    (folder / "journal.jsonl").write_text("".join(
        json.dumps({"job": job, "status": "ok", "result": predicted if job.startswith("predict") else timed}) + "\n"
        for job in lines
    ))  # fmt: skip
    return folder


def test_only_files_of_these_cells_are_asked_for(cells: list[Planned], tmp_path: Path) -> None:
    """Whatever the device's journal says: no name of another target, of another model, or of no file of a run."""
    own = ["latency~net~none~onnx~board~0", "latency~net~none~onnx-int8~board~12", "predict~net~none~onnx~cpu"]
    others = [
        "latency~net~none~onnx~host~0", "latency~resnet1d~none~onnx~host~0", "latency~net~none~onnx~board~-1",
        "latency~net~none~onnx~board~99999999999999999999", "predict~other~none~onnx~cpu",
        "paced~net~none~onnx~board~0",
        "latency~..~..~onnx~board~0", "latency~net~none~onnx~board/../../x~0", "batch8~net~none~onnx~board~0",
    ]  # fmt: skip
    asked = remote_stage.wanted(cells, PLAN, journal(tmp_path / "run", *own, *others, *own))
    assert asked == [
        "samples/net~none~onnx~board~0.npy", "samples/net~none~onnx-int8~board~12.npy",
        "predictions/net~none~onnx~cpu.npy",
    ]  # fmt: skip


def test_a_journal_that_is_damaged_is_refused(cells: list[Planned], tmp_path: Path) -> None:
    folder = journal(tmp_path / "run", "latency~net~none~onnx~board~0")
    (folder / "journal.jsonl").write_text('{"job":5.5,"status":"ok"}\n')
    with pytest.raises(RunError):
        remote_stage.wanted(cells, PLAN, folder)


def test_a_damaged_file_is_not_taken_and_the_other_rows_count(cells: list[Planned], tmp_path: Path) -> None:
    folder, run = journal(tmp_path / "there"), tmp_path / "run"
    one, other = (p.cell for p in cells)
    rows = [to_json(row(one)), '{"cell": ', to_json(row(Cell("x", "none", "onnx", "board"))), "5"]
    (folder / "measurements.jsonl").write_text("\n".join(rows) + "\n")
    (run / "samples").mkdir(parents=True)
    np.save(folder / "samples" / "net~none~onnx~board~0.npy", np.array([0.001]))
    (folder / "samples" / "net~none~onnx~board~1.npy").write_bytes(b"\x93NUMPY")
    np.save(folder / "samples" / "net~none~onnx~board~2.npy", np.array([{}], object), allow_pickle=True)
    found, problem = remote_stage.accepted(cells, folder, run)
    assert [m.cell for m in found] == [one] and "measurements.jsonl:2" in problem
    assert [p.name for p in (run / "samples").iterdir()] == ["net~none~onnx~board~0.npy"]
    assert [m.cell for m in run_files.measurements(folder)] == [one], "what stays can be read by every report"
    assert other.id not in {m.cell.id for m in found}
