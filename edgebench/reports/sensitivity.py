"""The picture of a search: how many decisions each module alone changes in int8."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from edgebench.core.files import write_text
from edgebench.reports import drawing

MOST = 40
"""How many modules are drawn, the most sensitive first."""


def picture(modules: Sequence[tuple[str, float]], in_float: Collection[str], path: Path) -> None:
    """Draw an SVG with a bar for each (module, share of decisions that stay); the same bytes for the same data."""
    from matplotlib.figure import Figure

    drawn = list(modules[:MOST])
    with drawing.style():
        figure = Figure(figsize=(8, 1 + 0.22 * len(drawn)), layout="constrained")
        axes = figure.subplots()
        colours = ["#d1495b" if name in in_float else "#30638e" for name, _ in drawn]
        axes.barh(
            [name for name, _ in drawn], [100 * (1 - min(max(kept, 0.0), 1.0)) for _, kept in drawn], color=colours
        )
        axes.invert_yaxis()
        axes.tick_params(axis="y", labelsize=7)
        axes.set_xlabel("decisions that change if only this module is int8, in % (red: left in float)")
        write_text(path, drawing.svg(figure))
