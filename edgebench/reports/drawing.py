"""How matplotlib draws every picture: as it would on any machine, whatever a person's own settings are."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Texts stay texts, which any font shows; ids are made of a fixed word, not of chance.
STYLE = {"svg.hashsalt": "edgebench", "svg.fonttype": "none"}


@contextmanager
def style(**more: Any) -> Iterator[None]:
    """Settings within which a figure is made and saved; `more` are of matplotlib's rcParams, `_` written for `.`."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # a matplotlibrc would change the bytes
        mpl.rcParams.update(STYLE | {name.replace("_", "."): value for name, value in more.items()})
        # The font that measures texts lacks many letters; the one that shows them is the reader's.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def svg(figure: Figure) -> str:
    """The picture without a date: the same figure gives the same text."""
    with io.StringIO() as stream:
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        return stream.getvalue()
