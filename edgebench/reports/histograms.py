"""Histograms of weights, one small picture for each layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebench.core.files import replacing
from edgebench.reports import drawing

COLUMNS = 4
WIDEST = 1e100
"""Weights beyond this are drawn at it; an axis cannot hold all numbers that a float64 can."""


def draw(layers: Sequence[tuple[str, float, float, tuple[int, ...]]], title: str, path: Path) -> None:
    """Draw (name, low, high, counts) of each layer into an .svg or .png file; the same bytes for the same data."""
    from matplotlib.figure import Figure

    rows = max(1, -(-len(layers) // COLUMNS))
    with drawing.style(font_size=7):
        figure = Figure(figsize=(2.4 * COLUMNS, 0.5 + 1.3 * rows), layout="constrained")
        figure.suptitle(title, fontsize=10)
        grid = figure.subplots(rows, COLUMNS, squeeze=False)
        for axes in grid.flat[len(layers) :]:
            axes.set_axis_off()
        for axes, (name, low, high, counts) in zip(grid.flat, layers, strict=False):
            low, high = max(low, -WIDEST), min(high, WIDEST)
            width = (high - low) / max(1, len(counts)) or 1.0
            axes.bar([low + (i + 0.5) * width for i in range(len(counts))], counts, width, color="#30638e")
            axes.set_title(name[-32:], fontsize=6)
            axes.set_yscale("symlog")
            axes.set_yticks([])
        with replacing(path) as part:
            form = path.suffix.removeprefix(".").lower() or "svg"
            figure.savefig(part, format=form, metadata={"Date": None} if form == "svg" else None)
