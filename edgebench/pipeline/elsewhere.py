"""The cells that other machines measure: given to all of them at the same time, and ended as they come back."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.files import sha256_of
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.isolation.process import waiting
from edgebench.pipeline import board_check, remote_stage, run_store
from edgebench.pipeline.machine_progress import OfMachine
from edgebench.pipeline.machines import Machines
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import Planned
from edgebench.pipeline.run_store import RunStore
from edgebench.pipeline.scorer import Scorer


@dataclass(frozen=True)
class Part:
    """Cells of one target that a machine had at the same time, and what came back."""

    cells: list[Planned]
    rows: dict[str, Measurement]
    reason: str
    """Why a cell has no row."""
    folder: str
    """Name of the folder of its results, below devices/."""


@dataclass
class Elsewhere:
    """Measures cells on other machines."""

    plan: Plan
    test: RecordSet
    scorer: Scorer
    store: RunStore
    reporter: ProgressReporter
    machines: Machines
    finish: Callable[[Planned, Outcome[Any]], None]
    """Ends a cell without a row of another machine."""
    _taking: threading.Lock = field(default_factory=threading.Lock)
    _common: dict[str, Planned] = field(default_factory=dict)
    """Of each target that several boards share, the cell that all of them measure."""
    _compared: list[Measurement] = field(default_factory=list)

    def measure(self, cells: list[Planned]) -> None:
        """Measure cells of several targets, and store their rows as soon as each machine is done."""
        of_target: dict[str, list[Planned]] = {}
        for planned in cells:
            of_target.setdefault(planned.target.name, []).append(planned)
        boards = {name: min(len(found), self.machines.boards(found[0].target)) for name, found in of_target.items()}
        count = sum(boards.values())
        if not count:
            return
        self._common = {name: found[0] for name, found in of_target.items() if boards[name] > 1}
        back: SimpleQueue[Part | BaseException | None] = SimpleQueue()
        with waiting(count) as pool:
            for name, of_one in of_target.items():
                for _ in range(boards[name]):
                    pool.submit(self._lane, name, of_one, boards[name], count > 1, back)
            if count > 1:
                self.reporter.stage(f"measure on {count} machines", len(cells))
            while count:
                part = back.get()
                if isinstance(part, BaseException):
                    raise part
                count -= part is None
                if part is not None:
                    self._end(part, sum(boards.values()) > 1)
        for line in board_check.remarks(board_check.of_boards(self._compared)):
            self.reporter.note(line)

    def _lane(
        self, name: str, left: list[Planned], boards: int, several: bool, back: SimpleQueue[Part | BaseException | None]
    ) -> None:
        """Give cells of a target to one of its machines, until none is left."""
        reporter = OfMachine(self.reporter, name) if several else self.reporter
        common = self._common.get(name)
        try:
            while True:
                with self._taking:
                    cells = left[: _share(len(left), boards)]
                    del left[: len(cells)]
                if common and common not in cells:
                    cells = [common, *cells]  # each board measures it once
                if not cells:
                    break
                part = f"{name}~{sha256_of(*(p.cell.id for p in cells))[:16]}" if boards > 1 else name
                common = None
                rows, reason = remote_stage.measured(
                    cells, self.plan, self.test, self.scorer.references, self.store.folder, reporter, self.machines,
                    part,
                )  # fmt: skip
                back.put(Part(cells, rows, reason, part))
            back.put(None)
        except BaseException as error:
            back.put(error)

    def _end(self, part: Part, several: bool) -> None:
        """End the cells of a part, each with its row or the reason for none; a common cell ends with its first row."""
        rows = self._scored_here(part)
        for planned in part.cells:
            row = rows.get(planned.cell.id)
            if row and planned in self._common.values():
                self._compared.append(row)
            if planned.cell.id in self.store.measurements:
                continue
            if row:
                self.store.finish(row)
                self.reporter.cell(row)
            else:
                self.finish(planned, Outcome("failed", part.reason))
            if several:
                self.reporter.step(planned.cell.label)

    def _scored_here(self, part: Part) -> dict[str, Measurement]:
        """The rows of a part, those without scores scored on this machine: a task in a Python file stays here."""
        rows, folder = part.rows, self.store.folder / "devices" / part.folder
        trained = [p for p in part.cells if p.built.artifact and not p.artifact.untrained]
        trained = [p for p in trained if run_store.output_of(folder, p.prediction).is_file()]  # else it had no time
        left = {p.cell: p for p in trained if (row := rows.get(p.cell.id)) and row.status == "ok" and not row.scores}
        self.scorer.score(left, (), lambda p: run_store.output_of(folder, p.prediction), first=False)
        scored = {
            cell.id: replace(
                rows[cell.id], scores=self.scorer.scores.get(cell.id), reason=self.scorer.unscored.get(cell.id, "")
            )
            for cell in left
        }
        return {**rows, **scored}


def _share(left: int, boards: int) -> int:
    """How many cells one of several boards takes at once: fewer towards the end, so that all end at the same time."""
    return left if boards == 1 else math.ceil(left / (2 * boards))
