"""What a task's score is called, and which direction is better. Standard library only."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from edgebench.core.problems import InvalidValue, expected

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
LONGEST = 40
"""Characters of a label or unit."""
COLUMNS = 6
"""The most columns of one metric."""
FAR = 1e4
"""More than any logarithm of a number: what lies between values of different signs."""
USUAL_DROP, USUAL_GROWTH = 0.01, 0.05
"""The usual drop: so much of a metric's range, or of the fp32 value where it has no end; and the growth of an error
without an upper end. Of a score of 0.78, 0.01 is 5 % more errors, so the two are alike."""
Better = Literal["higher", "lower", "near zero"]


@dataclass(frozen=True)
class Metric:
    """A number that says how good a network's answers are.

    Reports, choosing, training and search read these fields and know no metric by name.
    """

    name: str
    """Name in files: letters, digits and underscores, such as `top1`."""
    label: str
    """Name in tables and sentences, such as `top-1`."""
    better: Better = "higher"
    unit: str = ""
    """Unit of the values, such as `%`; empty for a share between 0 and 1."""
    low: float | None = None
    """The smallest possible value; None where there is none."""
    high: float | None = None
    """The largest possible value."""
    decimals: int = 3
    """Decimal places in tables; differences have one more."""
    short: str = ""
    """Name in narrow columns; empty for the label."""
    columns: tuple[str, ...] = ()
    """Names of the columns for the value, its interval, its difference to the fp32 network, and that one's interval;
    empty for `NAME`, `NAME_low`, `NAME_high`, `delta_NAME`, `delta_NAME_low`, `delta_NAME_high`."""

    def __post_init__(self) -> None:
        for name in (self.name, *self.columns):
            if not NAME.fullmatch(name):
                raise InvalidValue(expected("name", "at most 40 letters, digits and underscores", name))
        for field, text in (("label", self.label), ("unit", self.unit), ("short", self.short)):
            if len(text) > LONGEST or not text.isprintable():
                raise InvalidValue(expected(field, f"at most {LONGEST} printable characters", text))
        if len(self.columns) > COLUMNS or not 0 <= self.decimals <= 12:
            raise InvalidValue(expected("decimals", "0 to 12", self.decimals))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of this metric in report.csv."""
        n = self.name
        return self.columns or (n, f"{n}_low", f"{n}_high", f"delta_{n}", f"delta_{n}_low", f"delta_{n}_high")

    @property
    def heading(self) -> str:
        """The label with the unit."""
        return f"{self.label} in {self.unit}" if self.unit else self.label

    @property
    def fall(self) -> str:
        """What a worse value is called in sentences, such as `accuracy drop` or `error increase`."""
        return "drop" if self.better == "higher" else "increase"

    @property
    def narrow(self) -> str:
        """The name in narrow columns."""
        return self.short or self.label

    @property
    def largest_drop(self) -> float | None:
        """How far two values can be apart; None where there is no limit."""
        return None if self.low is None or self.high is None else self.high - self.low

    @property
    def _span(self) -> float | None:
        """The range that the usual drop is a share of; None for a metric without an upper end."""
        return None if self.high is None else self.high - min(self.low or 0.0, self.high)

    @property
    def usual_share(self) -> float:
        """The usual drop as a share of the fp32 network's value, for a metric without an upper end."""
        return USUAL_DROP if self.better == "higher" else USUAL_GROWTH

    def usual_drop(self, fp32: float) -> float:
        """How much worse than the fp32 network's value another may be by default, in the metric's unit."""
        return USUAL_DROP * self._span if self._span else self.usual_share * abs(fp32)

    @property
    def has_usual_drop(self) -> bool:
        """Whether the usual drop is the same number for every network."""
        return bool(self._span)

    def losses(self, value: float) -> float:
        """How bad a value is, in usual drops: larger by 1 for a value that is one usual drop worse.

        It depends on the value alone. For metrics without an upper end it is a logarithm, so a factor counts the same
        everywhere; worse signs come after better ones.
        """
        if self._span:
            return -self.goodness(value) / (USUAL_DROP * self._span)
        good = self.goodness(value)
        step = -math.log1p(-self.usual_share) if self.better == "higher" else math.log1p(self.usual_share)
        if good == 0:
            return 0.0
        return -math.copysign(FAR + math.log(abs(good)), good) / step

    def goodness(self, value: float) -> float:
        """A number in the metric's unit that is higher for a better value."""
        return {"higher": value, "lower": -value, "near zero": -abs(value)}[self.better]

    def drop(self, value: float, delta: float) -> float:
        """How much worse a value is than another one, to which its difference is `delta`; negative where better."""
        return {"higher": -delta, "lower": delta, "near zero": abs(value) - abs(value - delta)}[self.better]

    def text(self, value: float) -> str:
        """A value as tables show it, without its unit."""
        return f"{value + 0.0:.{self.decimals}f}"

    def fine(self, value: float) -> str:
        """A value with one decimal place more, without its unit."""
        return f"{value + 0.0:.{self.decimals + 1}f}"

    def change(self, difference: float) -> str:
        """A difference of two values, with its sign."""
        return f"{round(difference, self.decimals + 1) + 0.0:+.{self.decimals + 1}f}"  # no minus without a loss
