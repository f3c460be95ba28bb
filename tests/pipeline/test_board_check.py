"""Whether boards of one kind agree on what all of them measured."""

from __future__ import annotations

from edgebench.core.cells import Cell
from edgebench.core.measurements import Measurement
from edgebench.core.results import Latency, Steadiness
from edgebench.pipeline import board_check


def row(board: str, p50: float, spread: float | None = 0.02, cell: str = "net", **more: object) -> Measurement:
    low, high = (None, None) if spread is None else (p50 * (1 - spread), p50 * (1 + spread))
    latency = Latency(p50, low, high, steadiness=Steadiness(**more))  # type: ignore[arg-type]
    return Measurement("run", Cell(cell, "none", "onnx", "pi"), "ok", host=f"{board}: a Pi", latency=latency)


def said(*rows: Measurement) -> list[str]:
    return board_check.remarks(board_check.of_boards(rows))


def test_a_slow_board_is_named_with_the_fastest() -> None:
    (line,) = said(row("a", 0.010), row("b", 0.0102), row("c", 0.013, verdict="throttled"))
    assert line.startswith("c:") and "1.30" in line and " a," in line and "throttled" in line


def test_noise_is_no_disagreement() -> None:
    assert said(row("a", 0.010, 0.2), row("b", 0.013, 0.2)) == []
    assert said(row("a", 0.0100, 0.001), row("b", 0.0103, 0.001)) == [], "significant, and too little to matter"
    assert said(row("a", 0.010, None), row("b", 0.020, None)) == [], "nothing is known of the noise"


def test_only_one_cell_is_compared_with_itself_on_other_boards() -> None:
    assert said(row("a", 0.010), row("b", 0.100, cell="other")) == []
    failed = Measurement("run", Cell("net", "none", "onnx", "pi"), "failed", host="b: a Pi")
    assert said(row("a", 0.010), failed) == []
    assert said(row("a", 0.010), row("a", 0.020)) == [], "a board's first row counts"
