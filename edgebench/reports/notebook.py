"""A run as Python sees it: its tables print, show in Jupyter, and become a DataFrame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import Any

from edgebench.core.flat_row import flatten, metrics_of, tables_of
from edgebench.core.measurements import Measurement, Run
from edgebench.core.tabular import Tabular
from edgebench.reports import columns, machines


@dataclass(frozen=True, repr=False)
class MeasuredRun(Tabular, Run):
    """A run that is a table of its cells."""

    @classmethod
    def of(cls, run: Run) -> MeasuredRun:
        """The same run with its tables."""
        return cls(**{one.name: getattr(run, one.name) for one in fields(run)})

    def title(self) -> str:
        """Which run it is, and how many cells were measured."""
        counts = Counter(m.status for m in self.measurements)
        counted = ", ".join(f"{count} {status}" for status, count in counts.items()) or "no cell measured"
        left = f", {self.unmeasured} not measured yet" if self.unmeasured else ""
        return f"Run {self.name} in {self.folder}: {counted}{left}"

    def records(self) -> list[dict[str, Any]]:
        """The columns of report.csv, in the order of the tables."""
        metrics, tables = metrics_of(self.measurements), tables_of(self.measurements)
        return [flatten(m, metrics, tables) for m in columns.ordered(self)]

    def texts(self) -> tuple[list[str], list[list[str]]]:
        """The columns of report.md, and why a cell has no numbers."""
        rows = [(_star(machine, m), m) for machine in machines.split(self) for m in machine.rows]
        lacking = any(m.reason for _, m in rows)
        shown = [[star, *columns.row(m), *([m.reason] if lacking else [])] for star, m in rows]
        headings = columns.headings([m for _, m in rows])
        return ["", *headings, *(["reason"] if lacking else [])], shown


def _star(machine: machines.Machine, m: Measurement) -> str:
    return "★" if m.cell.id in machine.stars else "lost" if machine.lost(m) else ""
