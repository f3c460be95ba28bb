"""The cells of one device: what it is sent, and what becomes of what it returns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_makers import contents
from flat_rows import changed
from report_rows import OK

from edgebench.core.contracts import Cell, Outcome, RecordSet, Target
from edgebench.core.errors import DiskFull, RemoteError
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.core.target_profiles import Fit
from edgebench.measuring.accuracy import Reference
from edgebench.pipeline import remote_stage, run_store
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import Built, Planned
from edgebench.remote import session
from edgebench.remote.bundles.writing import Contents
from edgebench.remote.session import Fetched

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

    def __init__(self, *rows: Measurement, failed: dict[str, str] | None = None) -> None:
        self.rows, self.failed = rows, failed or {}
        self.sent: list[Contents] = []

    def __call__(self, target: Target, sent: Contents, run: Path, reporter: ProgressReporter) -> Fetched:
        assert target == BOARD
        self.sent.append(sent)
        store = run_store.create(run / "devices" / target.name, PLAN.document(), {}, {"cpu": "there"})
        for m in self.rows:
            store.finish(m)
        (store.folder / "samples" / "net~none~onnx~board~0.npy").write_bytes(b"samples")
        (store.folder / "profiles").mkdir()
        (store.folder / "profiles" / "net~none~onnx-int8~board.json").write_text("{}")
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
    measured(monkeypatch, device, cells, demo, tmp_path, {("net", "ab"): Reference(demo.labels, logits, (0.5,) * 5)})
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
    (tmp_path / "run" / "samples" / "mine.npy").touch()
    stranger = row(Cell("other", "none", "onnx", "board"))
    device = Device(*(row(p.cell) for p in cells), stranger)
    found, missing = measured(monkeypatch, device, cells, demo, tmp_path / "run")
    assert set(found) == {p.cell.id for p in cells}, "and no row that nobody asked for"
    assert {(m.run, m.host) for m in found.values()} == {("run", "the board's processor")}
    assert "pi@board" in missing
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
