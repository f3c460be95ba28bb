"""Histograms of any weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.reports import histograms


@pytest.mark.parametrize(
    "layers",
    [
        [], [("a", 0.0, 0.0, (3,))], [("a", 0.0, 1.0, ())], [("a", -1e308, 1e308, (1, 2))],
        [("a", 5e-324, 1e-323, (1, 2))], [("a", 1e200, 1e200, (1,))], [("a", -1.0, 1.0, (10**18, 0))],
    ],
)  # fmt: skip
def test_histograms_of_any_numbers(
    layers: list[tuple[str, float, float, tuple[int, ...]]], tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    histograms.draw(layers, "weights", tmp_path / "h.svg")
    assert (tmp_path / "h.svg").stat().st_size > 500 and not recwarn.list
