"""Problems of fields in plain words."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from edgebench.core import problems
from edgebench.core.problems import Problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(JSON)
def test_any_value_is_shown_short_and_on_one_line(value: Any) -> None:
    text = problems.shown(value)
    assert text and "\n" not in text
    assert len(text) <= problems.LONGEST * 10 + 4, "an unprintable character is shown as ten at most"


@pytest.mark.parametrize(
    ("problem", "line", "flag"),
    [
        (Problem("limit", "must be at least 1", 0), "limit: must be at least 1, not 0", "--x 0: must be at least 1"),
        (Problem("", "must be a table", [1]), "must be a table, not a list", "--x [1]: must be a table"),
        (Problem("a.b", "is missing"), "a.b: is missing", "--x: is missing"),
        (Problem("weights", "no model is", "w.pth"), "weights 'w.pth': no model is", "--x w.pth: no model is"),
        (
            problems.unknown("measuring", "process", ["processes", "warmup"]),
            "measuring.process: unknown key; known are processes, warmup; did you mean 'processes'?",
            "--x: unknown key; known are processes, warmup; did you mean 'processes'?",
        ),
        (problems.unknown("", "zzz", ["processes"]), "zzz: unknown key; known are processes", "--x: unknown"),
        (
            problems.expected("models", problems.LIST, "vit"),
            "models: must be a list, not 'vit'; write [\"vit\"]",
            "--x vit: must be a list",
        ),
        (
            problems.expected("models", problems.LIST, "v" * 41),
            f"models: must be a list, not '{'v' * 40}…'; write it in brackets",
            f"--x {'v' * 41}: must be a list; write it in brackets",
        ),
        (
            problems.expected("models", problems.LIST, "\x1b[31m"),
            r"models: must be a list, not '\x1b[31m'; write it in brackets",
            r"--x \x1b[31m: must be a list",
        ),
        (
            problems.unknown("a", "b\x1b[31m\ud800", ["c\n"]),
            r"a.b\x1b[31m\ud800: unknown key; known are c\n",
            r"--x: unknown key; known are c\n",
        ),
        (Problem("n", "must be less", 10**60), f"n: must be less, not 1{'0' * 39}…", "--x"),
        (
            problems.not_among("on", ["macro_auc", "macro_f1"], "macro_f"),
            "on: must be 'macro_auc' or 'macro_f1', not 'macro_f'; did you mean 'macro_f1'?",
            "--x macro_f: must be 'macro_auc' or 'macro_f1'; did you mean",
        ),
        (Problem("flag", "must be a number", True), "flag: must be a number, not true", "--x True: must be a number"),
    ],
)  # fmt: skip
def test_a_problem_in_a_file_and_by_a_flag(problem: Problem, line: str, flag: str) -> None:
    assert str(problem) == line
    assert problem.of("--x").startswith(flag)
