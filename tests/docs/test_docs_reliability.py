"""The list of faults: long enough, and each test that it names is there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST = r"`([\w/]+\.py)::(\w+)`"
ROW = re.compile(rf"^([^|\n]+) \| (?:([^|\n]+) \| )?({TEST}(?:, {TEST})*)$", re.M)
"""A fault, what is promised unless the section says it, and the tests that hold it."""
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


@functools.cache
def names_in(path: str) -> set[str]:
    """The tests of a file."""
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_row_names_a_test_that_is_there() -> None:
    rows = ROW.findall(PAGE)
    assert len(rows) == len([line for line in PAGE.splitlines() if "::" in line]), "a row is not as the others"
    tests = [named for _, _, tests, *_ in rows for named in re.findall(TEST, tests)]
    assert len(tests) >= 160 and len(set(tests)) == len(tests)
    assert [(path, name) for path, name in tests if name not in names_in(path)] == []


def test_it_has_every_kind_once() -> None:
    faults = [fault.strip() for fault, *_ in ROW.findall(PAGE)]
    assert len(faults) >= 120 and len(set(faults)) == len(faults)


def test_it_says_what_is_not_promised() -> None:
    assert len(re.findall(r"^- ", PAGE.partition("## Not promised\n")[2], re.M)) >= 5
