"""Which colour and which mark stand for a model, a variant or an exporter, alike in all pictures of a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgebench.files import safe
from edgebench.measurements import Measurement

Kind = Literal["model", "variant", "exporter"]
KINDS: tuple[Kind, ...] = ("model", "variant", "exporter")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00", "#56b4e9", "#7a3ff2", "#555555")
"""Told apart by people who see few colours too; most are of Okabe and Ito's palette (Color Universal Design, 2008)."""
MARKS = ("o", "s", "^", "D", "v", "P", "X")
"""Matplotlib's names of marks; the next one is taken where the colours are used up."""


@dataclass(frozen=True)
class Look:
    """How the cells of one group are drawn."""

    name: str
    colour: str
    mark: str


def kind(rows: Sequence[Measurement]) -> Kind:
    """What the colour of a cell tells: its model where there are several, else its variant, else its exporter."""
    return next((k for k in KINDS if len({getattr(m, k) for m in rows}) > 1), KINDS[-1])


def looks(rows: Sequence[Measurement], of: Kind, plan: Mapping[str, Any]) -> list[Look]:
    """A look for each name that the rows have, in the plan's order; a name that no plan has is put behind those."""
    planned = [safe(str(name)) if of == "model" else str(name) for name in plan.get(f"{of}s") or ()]
    names = sorted(
        {getattr(m, of) for m in rows}, key=lambda n: (planned.index(n) if n in planned else len(planned), n)
    )
    turns = len(COLOURS)
    return [Look(n, COLOURS[i % turns], MARKS[i // turns % len(MARKS)]) for i, n in enumerate(names)]
