"""report.csv: one row for each measurement in base units, and the Pareto front; missing values are empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.core import spreadsheets
from edgebench.core.columns import ordered
from edgebench.core.flat_row import flatten, metrics_of, tables_of
from edgebench.core.measurements import Run
from edgebench.reports import machines

PARETO = "pareto"
"""The derived column."""


class Csv:
    """report.csv: one line for each cell, for a spreadsheet or pandas."""

    file = "report.csv"

    def render(self, run: Run) -> Mapping[str, str]:
        """The columns of the flat row, and whether a cell is on its front; empty where it is not ranked."""
        import pandas as pd

        metrics, tables = metrics_of(run.measurements), tables_of(run.measurements)
        rows = [
            {name: _plain(value) for name, value in flatten(m, metrics, tables).items()} | {PARETO: machine.on_front(m)}
            for machine in machines.split(run)
            for m in machine.rows
        ]
        # Objects, not columns of one type: an integer column with a gap would turn into floats.
        table = pd.DataFrame(rows, columns=[*ordered(metrics, tables), PARETO], dtype=object)
        return {self.file: str(table.to_csv(index=False, lineterminator="\n"))}


def _plain(value: Any) -> Any:
    """Several numbers in one field: `0.0021 0.0022`, or with names `NORM=0.8 MI=0.6`; no text is a formula."""
    if isinstance(value, Mapping):
        value = " ".join(f"{name}={number}" for name, number in value.items())
    elif isinstance(value, tuple):
        value = " ".join(map(str, value))
    return spreadsheets.cell(value) if isinstance(value, str) else value


RENDERER = Csv()
