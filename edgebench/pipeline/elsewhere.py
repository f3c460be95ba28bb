"""The cells that other machines measure: given to all of them at the same time, and ended as they come back."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import as_completed
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

from edgebench.core.contracts import Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.isolation.process import waiting
from edgebench.pipeline import remote_stage, run_store
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

    def measure(self, cells: list[Planned]) -> None:
        """Measure cells of several targets, and store their rows as soon as each machine is done."""
        of_target: dict[str, list[Planned]] = {}
        for planned in cells:
            of_target.setdefault(planned.target.name, []).append(planned)
        boards = {name: min(len(found), self.machines.boards(found[0].target)) for name, found in of_target.items()}
        count = sum(boards.values())
        if not count:
            return
        back: SimpleQueue[Part] = SimpleQueue()
        with waiting(count) as pool:
            lanes = [
                pool.submit(self._lane, name, of_target[name], boards[name], count > 1, back)
                for name in of_target
                for _ in range(boards[name])
            ]
            if count > 1:
                self.reporter.stage(f"measure on {count} machines", len(cells))
            for lane in as_completed(lanes):
                lane.result()
                while not back.empty():
                    self._end(back.get(), count > 1)

    def _lane(self, name: str, left: list[Planned], boards: int, several: bool, back: SimpleQueue[Part]) -> None:
        """Give cells of a target to one of its machines, until none is left."""
        reporter = OfMachine(self.reporter, name) if several else self.reporter
        number = 0
        while True:
            with self._taking:
                cells = left[: _share(len(left), boards)]
                del left[: len(cells)]
            if not cells:
                return
            number += 1
            part = f"{name}~{cells[0].cell.id}" if boards > 1 else name
            rows, reason = remote_stage.measured(
                cells, self.plan, self.test, self.scorer.references, self.store.folder, reporter, self.machines, part
            )
            back.put(Part(cells, rows, reason, part))

    def _end(self, part: Part, several: bool) -> None:
        """End the cells of a part, each with its row or the reason for none."""
        rows = self._scored_here(part)
        for planned in part.cells:
            if row := rows.get(planned.cell.id):
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
