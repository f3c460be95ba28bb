"""Pages that list what the code has: columns, exporters and targets, none missing and none too many."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from edgebench.core import registry
from edgebench.core.cells import Target
from edgebench.core.columns import ordered
from edgebench.reports.csv import PARETO

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
UNITS = {"_s": "s", "_bytes": "bytes", "_j": "J", "_c": "°C", "_per_s": "1/s", "_share": "share, 0 to 1"}
"""The unit of a column by the end of its name, the longest that fits."""


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of all tables whose first cell is a name in backticks, or several: then a row for each."""
    lines = [line for line in text.splitlines() if re.match(r"`[\w-]+`(, `[\w-]+`)* \|", line)]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    return [[name, *rest] for names, *rest in cells for name in names.split(", ")]


def test_the_columns_are_those_of_the_csv() -> None:
    """Those of an interval and of a difference are omitted where their names follow the rule that the page states."""
    metrics = registry.task("multilabel").metrics(5, "")
    header = [*ordered(metrics, ["f1_by_class"]), PARETO]
    by_rule = {name for metric in metrics if not metric.columns for name in metric.column_names[1:]}
    page = [row[0].strip("`") for row in rows((DOCS / "csv.md").read_text())]
    assert page == [name for name in header if name not in by_rule]


def test_a_column_has_the_unit_of_its_name_and_a_meaning() -> None:
    for name, unit, meaning in rows((DOCS / "csv.md").read_text()):
        assert meaning, name
        ends = [end for end in UNITS if name.strip("`").endswith(end)]
        if ends:
            assert unit == UNITS[max(ends, key=len)], name


def section(page: str, heading: str) -> str:
    """The text below a heading, up to the next one."""
    return (DOCS / page).read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]


def listed(text: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([\w-]+)`", text)


def test_the_tables_of_exporters_have_each_once() -> None:
    facts, uses = section("exporters.md", "All exporters").split("exporter | what it makes")
    for part in (facts, uses):
        named = [row[0].strip("`") for row in rows(part) if len(row) > 3]
        assert sorted(named) == sorted(registry.names("exporters"))
    assert all(all(row) for row in rows(uses)), "what it makes, when to use it, and when not"


@pytest.mark.parametrize("name", registry.names("exporters"))
def test_an_exporter_has_its_facts_and_options(name: str) -> None:
    exporter = registry.exporter(name)
    (shown,) = [
        row for row in rows(section("exporters.md", "All exporters")) if row[0] == f"`{name}`" and len(row) == 6
    ]
    answers = ("no", "yes")
    assert [listed(cell) for cell in shown[1:4]] == [
        [exporter.format], [exporter.engine] if exporter.engine else [], list(exporter.devices)
    ]  # fmt: skip
    assert shown[4:] == [answers[exporter.calibrates], answers[exporter.quantization_aware]]
    options = section("exporters.md", "Options of the static int8 exporters")
    (head,) = [line for line in options.splitlines() if line.startswith("option |")]
    columns = [i for i, cell in enumerate(head.split("|")) if name in listed(cell)]
    told = {row[0].strip("`"): listed(row[i]) for row in rows(options) for i in columns if row[i]}
    assert told == {part: list(words) for part, words in registry.choices(exporter).items()}


def test_each_target_is_on_its_page_with_its_fields() -> None:
    table = (DOCS / "targets.md").read_text().partition("\ntarget |")[2].partition("\n\n")[0]
    shown = {row[0].strip("`"): [cell.strip("`") for cell in row[1:]] for row in rows(table)}
    shown.pop("host")  # no file
    profiles = {path.stem: tomllib.loads(path.read_text()) for path in (ROOT / "targets").glob("*.toml")}
    assert shown == {
        name: [
            p["architecture"], p.get("board", ""), p.get("device", "cpu"), p.get("quantized_engine", ""),
            str(p["threads"]),
        ]
        for name, p in profiles.items()
    }  # fmt: skip


def test_the_fields_are_those_of_a_target() -> None:
    page = (DOCS / "targets.md").read_text().partition("## One of your own\n")[2]
    assert [row[0].strip("`") for row in rows(page)] == [f.name for f in fields(Target)]
