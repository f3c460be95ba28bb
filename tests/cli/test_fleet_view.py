"""The rows of `edgebench doctor --cluster`."""

from __future__ import annotations

from edgebench.cli.fleet_view import HEADINGS, row
from edgebench.fleet.look import Found, Looked

HERE = Looked("1.0", "a board", "3.11", "ondemand", 61.2, 5 * 10**9, 0.0, {"onnx": "", "eager": "no torch"})


def test_a_worker_is_a_row() -> None:
    shown = row(Found("pi-1", ("device:pi", "build"), HERE, problem="its clock is 9 s behind"))
    assert len(shown) == len(HEADINGS)
    assert shown[:5] == ["pi-1", "device:pi, build", "a board", "5 GB", "onnx"]
    assert all(word in shown[5] for word in ("9 s", "ondemand", "61 °C"))


def test_one_that_says_nothing_has_the_reason() -> None:
    assert row(Found("pi-1", ("build",), None, problem="gone")) == ["pi-1", "build", "", "", "", "gone"]
