"""Pages that list what the code has: columns, exporters and targets, none missing and none too many."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from edgebench.core import registry
from edgebench.core.contracts import Target
from edgebench.core.measurements import Run

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
UNITS = {"_s": "s", "_bytes": "bytes", "_j": "J", "_c": "°C", "_per_s": "1/s", "_share": "share, 0 to 1"}
"""The unit of a column by the end of its name, the longest that fits."""


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of all tables whose first cell is a name in backticks."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_columns_are_those_of_the_csv() -> None:
    empty = Run("x", Path(), {}, {}, ())
    header = str(registry.renderer("csv").render(empty)["report.csv"]).strip().split(",")
    page = [row[0].strip("`") for row in rows((DOCS / "csv.md").read_text())]
    assert page == header


def test_a_column_has_the_unit_of_its_name_and_a_meaning() -> None:
    for name, unit, meaning in rows((DOCS / "csv.md").read_text()):
        assert meaning, name
        ends = [end for end in UNITS if name.strip("`").endswith(end)]
        if ends:
            assert unit == UNITS[max(ends, key=len)], name


@pytest.mark.parametrize("name", registry.names("exporters"))
def test_an_exporter_has_a_section_with_its_facts(name: str) -> None:
    exporter = registry.exporter(name)
    page = (DOCS / "exporters.md").read_text()
    sections = dict(re.findall(r"^## `([\w-]+)`\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    section = sections[name]
    for fact in (
        f"- Format: `{exporter.format}`", f"- Engine: {f'`{exporter.engine}`' if exporter.engine else 'none'}",
        f"- Devices: {', '.join(f'`{device}`' for device in exporter.devices)}",
        f"- Calibrates: {'yes' if exporter.calibrates else 'no'}",
        f"- Takes networks trained with quantization: {'yes' if exporter.quantization_aware else 'no'}",
    ):  # fmt: skip
        assert re.search(rf"^{re.escape(fact)}\b", section, re.M) or f"{fact}\n" in section, fact
    told = {row[0].strip("`"): re.findall(r"`([\w-]+)`", row[1]) for row in rows(section)}
    assert told == {part: list(words) for part, words in registry.choices(exporter).items()}
    for heading in ("**When.**", "**Not.**"):
        assert heading in section


def test_no_section_without_an_exporter() -> None:
    named = re.findall(r"^## `([\w-]+)`$", (DOCS / "exporters.md").read_text(), re.M)
    assert sorted(named) == sorted(registry.names("exporters"))


def test_each_targets_file_is_on_its_page() -> None:
    page = (DOCS / "targets.md").read_text()
    blocks = [tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```", page, re.M | re.S)]
    for path in sorted((ROOT / "targets").glob("*.toml")):
        assert f"## `{path.stem}`\n" in page
        assert tomllib.loads(path.read_text()) in blocks, path.name


def test_the_fields_are_those_of_a_target() -> None:
    page = (DOCS / "targets.md").read_text().partition("## One of your own\n")[2]
    assert [row[0].strip("`") for row in rows(page)] == [f.name for f in fields(Target)]
