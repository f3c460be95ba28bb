"""The texts of a record's statements."""

from __future__ import annotations

import time

import pytest

from edgebench.data.ptbxl.statements import statements


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{'NORM': 100.0, 'SR': 0.0}", {"NORM": 100.0, "SR": 0.0}),
        ('{"IMI":15,"1AVB" : 80.}', {"IMI": 15.0, "1AVB": 80.0}),
        ("{ 'NORM': 0, }", {"NORM": 0.0}),
        ("{}", {}),
        ("{'A': 0.0, 'A': 50.0}", {"A": 50.0}),  # as in Python
    ],
)
def test_dictionaries(text: str, found: dict[str, float]) -> None:
    assert statements(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "NORM", "{'NORM'}", "{'NORM': 100.0", "['NORM']", "{'NORM': -1}", "{'NORM': 101}", "{'NORM': nan}",
        "{'NORM': 1e2}", "{NORM: 100}", "{'NORM\": 100}", "{,}", "{'NORM': 100,, }", "{'a': {'b': 1}}", "{1: 1}",
        "{" + "-" * 20_000 + "1: 1}", "{" * 20_000, "{'x': " + "9" * 5000 + "}", "{'" + "x" * 50_000 + "': 1}",
        "{'x': 1" + " " * 3000 + "x}", "__import__('os').system('true')",
    ],
)  # fmt: skip
def test_anything_else_is_none_at_once(text: str) -> None:
    started = time.thread_time()
    assert statements(text) is None
    assert time.thread_time() - started < 0.1
