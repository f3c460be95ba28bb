"""The colour and the mark of each model, variant or exporter, the same in all pictures of a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgebench.core.files import safe
from edgebench.core.measurements import Measurement

Kind = Literal["model", "variant", "exporter"]
Key = Literal["target", "model", "variant", "exporter"]
KINDS: tuple[Kind, ...] = ("model", "variant", "exporter")
KEYS: tuple[Key, ...] = ("target", *KINDS)
COLOURS = ("#177099", "#cf8006", "#134a1a", "#6c006d", "#7e6411", "#0995fe", "#7922e3", "#8693a2")
"""On white. They differ in lightness as much as in hue, so that colour-blind readers can tell any two apart."""
DARK = ("#0e9cd9", "#ffc409", "#458102", "#9a5484", "#a7a458", "#9cc3ff", "#8933ff", "#e6ebd5")
"""The same colours for a dark page."""
MARKS = ("o", "s", "^", "D", "v", "P", "X", "p", "*", "h", "<", ">")
"""Matplotlib's names of marks; the next one is used where the colours run out."""
SHAPES = (
    "circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "pentagon", "star", "hexagon",
    "triangle-left", "triangle-right",
)  # fmt: skip
"""Plotly's names of the same marks."""


@dataclass(frozen=True)
class Look:
    """How the cells of one group are drawn."""

    name: str
    colour: str
    mark: str


def kind(rows: Sequence[Measurement]) -> Kind:
    """What the colour of a cell shows: its model where there are several, else its variant, else its exporter."""
    return next((k for k in KINDS if len({getattr(m.cell, k) for m in rows}) > 1), KINDS[-1])


def order(rows: Sequence[Measurement], of: Key, plan: Mapping[str, Any]) -> list[str]:
    """Each name of the rows once, in the plan's order; names that the plan does not have come last."""
    planned = [safe(str(name)) if of == "model" else str(name) for name in plan.get(f"{of}s") or ()]
    return sorted(
        {getattr(m.cell, of) for m in rows}, key=lambda n: (planned.index(n) if n in planned else len(planned), n)
    )


def looks(rows: Sequence[Measurement], of: Kind, plan: Mapping[str, Any]) -> list[Look]:
    """A look for each name that the rows have, in the order of `order`."""
    turns = len(COLOURS)
    names = order(rows, of, plan)
    return [Look(n, COLOURS[i % turns], MARKS[i // turns % len(MARKS)]) for i, n in enumerate(names)]
