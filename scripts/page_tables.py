"""Tables of published runs in the pages: each stands between `<!-- table NAME -->` and `<!-- end -->`.

`<!-- table NAME exporter=onnx,onnx-int8 target=host without=zip -->` is an excerpt: the rows whose cells have one of
these values, without the columns named and those that are the same in all rows; `best=★,` has those on the front and
those without a mark. `first=model` keeps the first row of each model, its fastest. `with=label_accuracy` adds a
metric of report.csv to each row. The whole table is in the run's report.md.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from marked import PAGES, replaced
from tabulate import tabulate

CELL = ("model", "exporter", "target")
MARK = re.compile(r"^<!-- (table ([\w-]+)((?: \w+=[\w,.:★-]+)*)) -->$", re.MULTILINE)


def named(text: str) -> list[str]:
    """The runs whose table a page has."""
    return [name for _, name, _ in MARK.findall(text)]


def page_with(run: str) -> Path:
    """The page that has the run's table; raises ValueError where none has."""
    for page in PAGES:
        if run in named(page.read_text(encoding="utf-8")):
            return page
    raise ValueError(f"no page has '<!-- table {run} -->' with '<!-- end -->'")


def filled(text: str, table: Callable[[str], str], run: str = "", rows: Callable[[str], str] = lambda _: "") -> str:
    """The page with its tables, or that of one run; `table` returns the whole table of a run, `rows` its CSV."""
    for mark, name, filters in MARK.findall(text):
        if run in ("", name):
            text = replaced(text, mark, excerpt(table(name), filters, rows(name)) if filters else table(name))
    return text


def excerpt(table: str, filters: str, rows: str = "") -> str:
    """The rows of a table that have one of the values in each column of `filters`; raises ValueError for none.

    A variant stands behind the exporter and plays no part: `exporter=onnx` has `onnx · structured-0.5` too.
    """
    wanted = {column: values.split(",") for column, values in (f.split("=") for f in filters.split())}
    omitted, added, first = (wanted.pop(name, []) for name in ("without", "with", "first"))
    head, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    metrics = {_cell(row): row for row in csv.DictReader(rows.splitlines())} if added else {}
    for column in added:
        if any(column not in row for row in metrics.values()):
            raise ValueError(f"the CSV has no column '{column}'")
        lines = [
            [*line, f"{float(metrics[tuple(line[head.index(name)] for name in CELL)][column]):.3f}"] for line in lines
        ]
        head = [*head, column.replace("_", " ")]
    unknown = {*wanted, *omitted, *first} - set(head)
    if unknown:
        raise ValueError(f"the table has no column '{min(unknown)}'; it has: {', '.join(head)}")
    found = [
        row for row in lines
        if all(row[head.index(column)].partition(" · ")[0] in values for column, values in wanted.items())
    ]  # fmt: skip
    if not found:
        raise ValueError(f"no row of the table has {filters.strip()}")
    if first:
        firsts: dict[tuple[str, ...], list[str]] = {}
        for row in found:
            firsts.setdefault(tuple(row[head.index(column)] for column in first), row)
        found = list(firsts.values())
    kept = [i for i in range(len(head)) if len({row[i] for row in found}) > 1 and head[i] not in omitted]
    return tabulate([[row[i] for i in kept] for row in found], [head[i] for i in kept], "github", disable_numparse=True)


def _cell(row: dict[str, str]) -> tuple[str, ...]:
    """The cell of a row of the CSV, as the table writes it."""
    variant = "" if row["variant"] == "none" else f" · {row['variant']}"
    return row["model"], f"{row['exporter']}{variant}", row["target"]
