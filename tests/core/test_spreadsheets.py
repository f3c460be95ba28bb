"""No text of a CSV file is a formula, and each can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.core import spreadsheets


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1+2", "@sum", "\tx", "\r=x", "\n=x", "'=x", "\uff1dx"])
def test_a_formula_is_marked(text: str) -> None:
    assert spreadsheets.cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "resnet1d", "fbgemm-int8:minmax,per-tensor", "0.5 -0.5", "'quoted'", "a=b"])
def test_another_text_stays(text: str) -> None:
    assert spreadsheets.cell(text) == text


@given(st.text(alphabet="'=+-@\t\r\nab", max_size=6))
def test_each_text_comes_back(text: str) -> None:
    assert spreadsheets.original(spreadsheets.cell(text)) == text
