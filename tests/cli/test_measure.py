"""`edgebench measure` without its display: which folder, what is shown, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench import api
from edgebench.cli import measure
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter


class View:
    """Notes what it is told to show."""

    def __init__(self) -> None:
        self.after: Callable[[], str] = str
        self.shown: list[Any] = []
        self.reporter = ProgressReporter()

    @contextmanager
    def progress(self, after: Callable[[], str]) -> Iterator[ProgressReporter]:
        self.after = after
        yield self.reporter
        self.shown.append("progress")

    def result(self, run: Run) -> None:
        self.shown.append(run)

    def written(self, paths: Sequence[Path]) -> None:
        self.shown.append([path.name for path in paths])

    def next_steps(self, folder: Path, run: Run) -> None:
        self.shown.append((folder, run))


@pytest.mark.parametrize(("rows", "code"), [((OK, failed("bad", "it broke")), 0), ((failed("bad", "it broke"),), 1)])
def test_a_run_is_shown_with_its_files(rows: tuple[Any, ...], code: int, tmp_path: Path) -> None:
    run, view = run_of(*rows), View()
    assert measure.show(run, tmp_path, view) == code
    assert view.shown == [run, ["measurements.jsonl"], *([] if code else [(tmp_path, run)])]
    for name in ("report.csv", "report.html"):
        (tmp_path / name).touch()
    measure.show(run, tmp_path, view)
    assert view.shown[-1 if code else -2] == ["report.csv", "report.html"]


def test_the_folder_is_new_or_that_of_the_run_to_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "new_folder", lambda: tmp_path / "new")
    assert measure.folder_of(None, None) == tmp_path / "new"
    assert measure.folder_of(tmp_path / "out", None) == tmp_path / "out"
    assert measure.folder_of(None, tmp_path / "before") == tmp_path / "before"
    with pytest.raises(PlanError, match="--resume"):
        measure.folder_of(tmp_path / "out", tmp_path / "before")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the API is asked; it measures nothing."""
    calls: list[tuple[Any, ...]] = []

    def run(plan: None, folder: Path, resume: bool, reporter: object, **values: Any) -> Run:
        calls.append(("run", folder, resume, values))
        return run_of(OK)

    def bundle(path: Path, folder: Path, resume: bool, reporter: object, **values: Any) -> Run:
        calls.append((path, folder, resume, values))
        return run_of(changed(OK, dataset="bundle"))

    monkeypatch.setattr(api, "run", run)
    monkeypatch.setattr(api, "measure_bundle", bundle)
    monkeypatch.setattr(api, "bundle_of", lambda paths: paths[0].suffix == ".bundle")
    return calls


def test_artifacts_are_measured_here_unless_a_target_is_named(asked: list[tuple[Any, ...]], tmp_path: Path) -> None:
    view, file = View(), tmp_path / "net.onnx"
    assert measure.measure([file], {"limit": 3}, tmp_path / "out", None, view) == 0
    measure.measure([file], {"targets": ("pi",)}, tmp_path / "out", None, view)
    assert asked == [
        ("run", tmp_path / "out", False, {"targets": ("host",), "limit": 3, "artifacts": (file,)}),
        ("run", tmp_path / "out", False, {"targets": ("pi",), "artifacts": (file,)}),
    ]
    assert "--resume" not in view.after(), "no run is there"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plan.json").touch()
    assert view.after().endswith(f"edgebench run --resume {tmp_path / 'out'}")
    assert view.shown[0] == "progress", "the table comes after the bars"
    with pytest.raises(PlanError, match=f"edgebench run --resume {tmp_path}"):
        measure.measure([file], {}, None, tmp_path, view)


def test_a_bundle_is_measured_by_its_own_plan(asked: list[tuple[Any, ...]], tmp_path: Path) -> None:
    view, bundle = View(), tmp_path / "ship.bundle"
    measure.measure([bundle], {"threads": 2}, tmp_path / "out", None, view)
    measure.measure([bundle], {}, None, tmp_path / "before", view)
    assert asked == [
        (bundle, tmp_path / "out", False, {"threads": 2}), (bundle, tmp_path / "before", True, {}),
    ]  # fmt: skip
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "plan.json").touch()
    assert view.after().endswith(f"edgebench measure {bundle} --resume {tmp_path / 'before'}")
    with pytest.raises(PlanError, match="--tune-thresholds"):
        measure.measure([bundle], {"tune_thresholds": True}, None, None, view)
