"""report.csv: every field of every measurement, in base units; what is missing is empty."""

from __future__ import annotations

from dataclasses import asdict, fields

from edgebench.measurements import Measurement, Run
from edgebench.reports.columns import ordered


class Csv:
    """One line a cell."""

    file = "report.csv"

    def render(self, run: Run) -> str:
        """The columns of Measurement, in its order."""
        import pandas as pd

        # Objects, not columns of one type: an integer column with a gap would turn into floats.
        table = pd.DataFrame(
            [asdict(m) for m in ordered(run)], columns=[f.name for f in fields(Measurement)], dtype=object
        )
        return str(table.to_csv(index=False, lineterminator="\n"))


RENDERER = Csv()
