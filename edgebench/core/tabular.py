"""Results that print as a table, are one in Jupyter, and become a pandas DataFrame; only that needs pandas."""

from __future__ import annotations

import html
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from edgebench.core import units
from edgebench.core.errors import MissingPackage

if TYPE_CHECKING:
    import pandas

T = TypeVar("T")
MOST_ROWS = 60
"""Rows that are printed; `to_pandas` has all."""
WIDEST = 60
"""Characters of a cell that are printed; in Jupyter all are shown."""


class Tabular(ABC):
    """Something with rows, each with the same columns in base units."""

    @abstractmethod
    def records(self) -> list[dict[str, Any]]:
        """The rows by column: seconds, bytes and numbers; None is unknown."""

    def title(self) -> str:
        """One line above the table."""
        return ""

    def texts(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows as people read them: `0.0012` of a column that ends in `_s` is `1.20 ms`."""
        rows = self.records()
        names = list(rows[0]) if rows else []
        return [_heading(name) for name in names], [[_text(name, row[name]) for name in names] for row in rows]

    def to_pandas(self) -> pandas.DataFrame:
        """All rows and columns, in base units; raises MissingPackage where there is no pandas."""
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise MissingPackage(error.name or "pandas", "report", "a DataFrame") from None
        return pandas.DataFrame(self.records())

    def __repr__(self) -> str:
        headings, rows = self.texts()
        shown = [[_short(cell) for cell in row] for row in rows[:MOST_ROWS]]
        lines = _aligned([headings, *shown]) if rows else []
        more = [f"… and {len(rows) - MOST_ROWS} more rows"] if len(rows) > MOST_ROWS else []
        return "\n".join(filter(None, [self.title(), *lines, *more]))

    def _repr_html_(self) -> str:
        headings, rows = self.texts()
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows[:MOST_ROWS]
        )
        more = f"<p>… and {len(rows) - MOST_ROWS} more rows</p>" if len(rows) > MOST_ROWS else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
        return f"<p>{html.escape(self.title())}</p>{table}{more}"


class Results(Tabular, list[T]):
    """A list of results that is a table too; `columns` says what each result has in each column."""

    def __init__(self, items: Iterable[T], title: str, columns: Mapping[str, Callable[[T], Any]]) -> None:
        super().__init__(items)
        self._title, self._columns = title, columns

    def title(self) -> str:
        """What the list has."""
        return self._title

    def records(self) -> list[dict[str, Any]]:
        """The columns of each result."""
        return [{name: value(item) for name, value in self._columns.items()} for item in self]


def _heading(name: str) -> str:
    return name.removesuffix("_s").removesuffix("_bytes").replace("_", " ")


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and math.isfinite(value):
        if name.endswith("_s"):
            return units.duration(value)
        return (
            units.size(value) if name.endswith("_bytes") else f"{value:.4g}" if isinstance(value, float) else str(value)
        )
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _short(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
