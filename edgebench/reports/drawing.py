"""How matplotlib draws every picture: the same on any machine, whatever the user's settings are."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Texts stay texts, which any font shows; ids are derived from a fixed word instead of random.
STYLE = {"svg.hashsalt": "edgebench", "svg.fonttype": "none"}


@contextmanager
def style(**more: Any) -> Iterator[None]:
    """Settings for making and saving a figure; `more` are matplotlib's rcParams, with `_` for `.`."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # a matplotlibrc would change the output
        mpl.rcParams.update(STYLE | {name.replace("_", "."): value for name, value in more.items()})
        # The font that measures texts lacks many letters; the reader's own font shows them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def svg(figure: Figure) -> str:
    """The picture without a date: the same figure gives the same text."""
    with io.StringIO() as stream:
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        return stream.getvalue()
