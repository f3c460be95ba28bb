"""The tables at the end of a run, on terminals of any width."""

from __future__ import annotations

import io

import pytest
from flat_rows import changed
from hypothesis import given
from hypothesis import strategies as st
from report_rows import OK, failed, run_of
from rich.console import Console

from edgebench.reports import terminal


@pytest.mark.parametrize("width", [80, 120, 140])
def test_terminal_table_fits(width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    long = changed(OK, exporter="torch-int8-dynamic", peak_rss_bytes=650_000_000)
    other = changed(long, model="mobilenetv3-small")
    terminal.show(run_of(OK, long, other, failed("bad", "it broke")), console)
    text = console.export_text()
    assert "mobilenetv3-small" in text
    assert "…" not in text
    assert "torch-int8-dynamic" in text
    assert "stable" in text
    tables = [
        line for line in text.splitlines() if not line.startswith("★ no other")
    ]  # a sentence, which may be folded
    assert max(map(len, tables)) <= width


@given(st.text("ab:,+ ·0", min_size=1, max_size=60), st.integers(4, 40))
def test_a_name_keeps_every_sign_and_fits(name: str, width: int) -> None:
    lines = terminal.folded(name, width).split("\n")
    assert max(map(len, lines)) <= max(width, 4)
    assert "".join("".join(lines).split()) == "".join(name.split())


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (50, ["fbgemm-int8:minmax,per-tensor · structured-0.5+qat"]),
        (30, ["fbgemm-int8:minmax,per-tensor", "· structured-0.5+qat"]),
        (20, ["fbgemm-int8:minmax,", "per-tensor", "· structured-0.5+qat"]),
        (17, ["fbgemm-int8:", "minmax,per-tensor", "· structured-0.5+", "  qat"]),
    ],
)
def test_a_name_is_broken_where_a_part_ends(width: int, lines: list[str]) -> None:
    assert terminal.folded("fbgemm-int8:minmax,per-tensor · structured-0.5+qat", width).split("\n") == lines


def test_an_emulated_target_has_no_latency_in_its_table() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    terminal.show(run_of(OK, changed(OK, target="pi", emulated=True, verdict="emulated")), console)
    host, pi = console.export_text().split("resnet1d on pi")
    assert "2.10 ms" in host and "p90" in host
    assert pi.startswith(" · emulated: no latency · ") and "ms" not in pi.partition("★ no other")[0]
