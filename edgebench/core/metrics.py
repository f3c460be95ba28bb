"""What a task's score is called, and which direction is better. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "near zero"]


@dataclass(frozen=True)
class Metric:
    """A number that says how good a network's answers are.

    Reports, choosing, training and search read these fields and know no metric by name.
    """

    name: str
    """Name in files: letters, digits and underscores, such as `macro_f1`."""
    label: str
    """Name in tables and sentences, such as `macro-F1`."""
    better: Better = "higher"
    unit: str = ""
    """Unit of the values, such as `%`; empty for a share between 0 and 1."""
    low: float | None = None
    """The smallest possible value; None where there is none."""
    high: float | None = None
    """The largest possible value."""
    decimals: int = 4
    """Decimal places in tables."""
    short: str = ""
    """Name in narrow columns; empty for the label."""
    columns: tuple[str, str, str, str, str, str] | tuple[()] = ()
    """Names of the columns for the value, its interval, its difference to the fp32 network, and that one's interval;
    empty for `NAME`, `NAME_low`, `NAME_high`, `delta_NAME`, `delta_NAME_low`, `delta_NAME_high`."""

    @property
    def column_names(self) -> tuple[str, str, str, str, str, str]:
        """The six columns of this metric in report.csv."""
        n = self.name
        return self.columns or (n, f"{n}_low", f"{n}_high", f"delta_{n}", f"delta_{n}_low", f"delta_{n}_high")

    def goodness(self, value: float) -> float:
        """A number in the metric's unit that is higher for a better value."""
        return {"higher": value, "lower": -value, "near zero": -abs(value)}[self.better]

    def drop(self, value: float, reference: float) -> float:
        """How much worse a value is than the reference, in the metric's unit; negative where it is better."""
        return self.goodness(reference) - self.goodness(value)

    def text(self, value: float, signed: bool = False) -> str:
        """A value as tables show it, without its unit."""
        return f"{value:{'+' if signed else ''}.{self.decimals}f}"
