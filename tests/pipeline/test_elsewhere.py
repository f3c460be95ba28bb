"""Cells that several machines measure at the same time."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from edgebench.core.cells import Cell, Target
from edgebench.core.contracts import Outcome
from edgebench.core.errors import DiskFull
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.core.target_profiles import Fit
from edgebench.pipeline import remote_stage, run_store
from edgebench.pipeline.elsewhere import Elsewhere, _share
from edgebench.pipeline.machines import Here
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import Built, Planned


class Boards(Here):
    def boards(self, target: Target) -> int:
        return int(target.description)


class Scorer:
    references: dict[Any, Any] = {}  # noqa: RUF012

    def score(self, *_: Any, **__: Any) -> None:
        pass


def cells(target: str, boards: int, count: int) -> list[Planned]:
    board = Target(target, str(boards), "", ssh="pi@board")
    built = Built(Outcome("failed", "not built"))
    return [Planned(Cell(f"net{n}", "none", "onnx", target), board, Fit(), built) for n in range(count)]


def measured(
    monkeypatch: pytest.MonkeyPatch, folder: Path, given: list[Planned], together: int
) -> tuple[dict[str, Measurement], list[tuple[str, int]], list[str]]:
    """The rows, the parts with their sizes, and the cells that ended without a row."""
    parts, missing, barrier = list[tuple[str, int]](), list[str](), threading.Barrier(together)
    first = threading.local()

    def there(cells: list[Planned], *given: Any) -> tuple[dict[str, Measurement], str]:
        if not getattr(first, "met", False):
            first.met = True
            barrier.wait(10)  # all machines work at the same time
        parts.append((given[-1], len(cells)))
        rows = {p.cell.id: Measurement("run", p.cell, "ok") for p in cells if p.cell.model != "net1"}
        return rows, "it was lost"

    monkeypatch.setattr(remote_stage, "measured", there)
    store = run_store.create(folder, {}, {}, {})
    finish = lambda planned, outcome: missing.append(f"{planned.cell.model}: {outcome.reason}")  # noqa: E731
    scorer: Any = Scorer()
    test: Any = None
    Elsewhere(Plan(), test, scorer, store, ProgressReporter(), Boards(), finish).measure(given)
    return store.measurements, parts, missing


def test_targets_are_measured_side_by_side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = [*cells("a", 1, 3), *cells("b", 1, 2)]
    rows, parts, missing = measured(monkeypatch, tmp_path / "run", given, 2)
    assert sorted(parts) == [("a", 3), ("b", 2)] and len(rows) == 3
    assert missing == ["net1: it was lost"] * 2


def test_boards_of_one_kind_share_the_cells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows, parts, _ = measured(monkeypatch, tmp_path / "run", cells("a", 3, 30), 3)
    assert len(rows) == 29 and sum(count for _, count in parts) == 30 + 2, "each board measures the first one, too"
    assert len({name for name, _ in parts}) == len(parts) > 6, "each part has a folder of its own"


def test_an_error_of_one_machine_ends_the_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: Any) -> None:
        raise DiskFull("no space")

    monkeypatch.setattr(remote_stage, "measured", full)
    none: Any = None
    store = run_store.create(tmp_path / "run", {}, {}, {})
    scorer: Any = Scorer()
    with pytest.raises(DiskFull):
        Elsewhere(Plan(), none, scorer, store, ProgressReporter(), Boards(), none).measure(cells("a", 1, 3))


def test_no_cell_no_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert measured(monkeypatch, tmp_path / "run", [], 1) == ({}, [], [])


@pytest.mark.parametrize(("left", "boards", "share"), [(10, 1, 10), (10, 5, 1), (100, 5, 10), (1, 5, 1), (0, 5, 0)])
def test_a_share_gets_smaller_towards_the_end(left: int, boards: int, share: int) -> None:
    assert _share(left, boards) == share
