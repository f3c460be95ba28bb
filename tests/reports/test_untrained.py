"""The table of untrained networks."""

from __future__ import annotations

import io
from dataclasses import replace

from compared_runs import CELL, run_of
from decisions import cell
from rich.console import Console

from edgebench.core.measurements import Measurement
from edgebench.core.results import Network
from edgebench.reports import terminal
from edgebench.reports import untrained as tables


def untrained(name: str, latency: float, parameters: int | None) -> Measurement:
    m = cell("onnx", latency, latency, latency, 1000, 100, 0.7)
    assert m.artifact
    facts = replace(m.artifact, untrained=True, network=Network(parameters))
    return replace(m, cell=replace(m.cell, model=name), scores=None, artifact=facts)


ROWS = [
    untrained("slow", 0.030, 10_000), untrained("at-the-bound", 0.010, 2_000_000), untrained("fast", 0.001, 10_000),
]  # fmt: skip


def of(rows: list[Measurement], bound: float | None) -> list[dict[str, str]]:
    plan = {"policy": {"max_latency_s": bound}}
    return [dict(zip(tables.headings(rows, plan), row, strict=True)) for row in tables.table(rows, plan)]


def test_the_fastest_is_first_and_each_is_under_the_bound_or_not() -> None:
    found = of(ROWS, 0.010)
    assert [row["architecture"] for row in found] == ["fast", "at-the-bound", "slow"]
    assert [row["≤ 10 ms"] for row in found] == ["yes", "yes", "no"]
    assert [row[""] for row in found] == [tables.FRONT, tables.FRONT, ""], "the slow one has no more parameters"


def test_without_a_bound_there_is_no_answer() -> None:
    assert not {"yes", "no"} & {text for row in of(ROWS, None) for text in row.values()}


def test_an_emulated_latency_is_neither_shown_nor_compared() -> None:
    found = of([replace(m, emulated=True) for m in ROWS], 0.010)
    assert all(row["latency"] == "" and not any(name.startswith("≤") for name in row) for row in found)


def test_the_exporter_has_a_column_where_there_are_several() -> None:
    other = replace(ROWS[0], cell=replace(ROWS[0].cell, exporter="onnx-int8"))
    assert [row["exporter"] for row in of([*ROWS, other], None)].count("onnx-int8") == 1
    assert "exporter" not in of(ROWS, None)[0]


def test_a_terminal_of_80_columns_shows_all() -> None:
    shown = io.StringIO()
    long = untrained("timm_" + "a-long-name-of-an-architecture" * 2, 0.002, 5_000)
    run = run_of(*ROWS, long)
    terminal.show(replace(run, plan={**run.plan, "policy": {"max_latency_s": 0.01}}), Console(file=shown, width=80))
    table = shown.getvalue().split(tables.FRONT + " no faster")[0]
    assert all(name in table for name in ("fast", "at-the-bound", "slow", "≤ 10 ms"))
    assert max(map(len, table.splitlines())) <= 80
    assert not tables.is_sweep([*ROWS, CELL])
