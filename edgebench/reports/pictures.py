"""Pictures of the Pareto front for report.md: latency, size and memory against macro-F1, one picture a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.core.files import safe_name
from edgebench.core.measurements import Measurement
from edgebench.reports import columns, drawing, labels, palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IN_FILES, SHOWN = 40, 60
"""Characters of a name in that of a file (file systems allow 255 bytes), and in a picture."""
EVERY = 8.0
"""Pixels between the points of a bar that a label should not cover."""


@dataclass(frozen=True)
class Picture:
    """One file of a report, and what stands in place of it where it cannot be seen."""

    file: str
    text: str
    svg: str


def fronts(
    rows: Sequence[Measurement], stars: set[str], stem: str, plan: Mapping[str, Any] | None = None
) -> list[Picture]:
    """A picture for each target and data set of one machine with cells that are ranked; `stem` starts the files' names.

    `rows` are cells of that machine with numbers, `stars` the ids of those on the front; colours go by the plan's
    order. The same rows in the same order give the same bytes.
    """
    drawn = [m for m in rows if not m.emulated and m.latency_p50_s is not None and m.macro_f1 is not None]
    groups = list(dict.fromkeys((m.target, m.dataset) for m in drawn))
    found: dict[str, Picture] = {}
    for target, dataset in groups:
        name = f"{stem}-{safe_name(target)[:IN_FILES]}"
        while f"{name}.svg" in found:  # two names may be one as a file's
            name += "-"
        there = [m for m in drawn if (m.target, m.dataset) == (target, dataset)]
        marked = [m for m in there if m.cell.id in stars]
        text = f"Pareto front of {target}: {len(marked)} of {len(there)} cells, by latency, size, memory and macro-F1"
        found[f"{name}.svg"] = Picture(f"{name}.svg", text, _draw(there, stars, f"{target} · {dataset}", plan or {}))
    return list(found.values())


def _draw(rows: list[Measurement], stars: set[str], title: str, plan: Mapping[str, Any]) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    of = palette.kind(rows)
    groups = [(look, [m for m in rows if getattr(m, of) == look.name]) for look in palette.looks(rows, of, plan)]
    with drawing.style(font_size=9, axes_titlesize=10):
        figure = Figure(figsize=(10, 5.4), dpi=72, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)  # measures texts
        grid = figure.add_gridspec(2, 2, width_ratios=(1.9, 1))
        main = figure.add_subplot(grid[:, 0])
        size, memory = (figure.add_subplot(grid[row, 1], sharey=main) for row in (0, 1))
        _panel(main, groups, stars, lambda m: (m.latency_p50_s or 0) * 1e3)
        _bars(main, groups, stars)
        _panel(size, groups, stars, lambda m: (m.file_size_bytes or 0) / 1e6)
        known = [(look, [m for m in cells if m.peak_rss_bytes]) for look, cells in groups]
        _panel(memory, known, stars, lambda m: (m.peak_rss_bytes or 0) / 1e6)
        main.set_xscale("log")
        _ticks(main)
        main.set(xlabel="median latency in ms, logarithmic", ylabel="macro-F1")
        size.set(xlabel="file size in MB")
        memory.set(xlabel="peak memory in MB")
        main.set_title(f"{_plain(title)}: the Pareto front; pale: cells that another one beats", loc="left")
        handles = [Line2D([], [], marker=x.mark, ls="", color=x.colour, label=_plain(x.name)) for x, _ in groups]
        if len(handles) > 1:
            figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False)
        canvas.draw()
        figure.set_layout_engine("none")
        _label(main, [m for m in rows if m.cell.id in stars], rows, canvas.get_renderer())
        return drawing.svg(figure)


Groups = Sequence[tuple[palette.Look, Sequence[Measurement]]]


def _panel(axes: Axes, groups: Groups, stars: set[str], across: Callable[[Measurement], float]) -> None:
    axes.grid(alpha=0.25, lw=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    for look, cells in groups:
        for marked in (False, True):
            group = [m for m in cells if (m.cell.id in stars) == marked]
            style: dict[str, Any] = {"s": 46, "zorder": 3} if marked else {"s": 20, "alpha": 0.4, "zorder": 2}
            spots = list(map(across, group)), [m.macro_f1 or 0 for m in group]
            axes.scatter(*spots, color=look.colour, marker=look.mark, linewidths=0, **style)


def _bars(axes: Axes, groups: Groups, stars: set[str]) -> None:
    for look, cells in groups:
        for m in cells:
            if m.cell.id in stars:
                axes.plot(_timed(m), [m.macro_f1 or 0] * 2, color=look.colour, lw=1.2, alpha=0.6)
                axes.plot([_place(m)[0]] * 2, paired(m), color=look.colour, lw=1.2, alpha=0.6)


def _timed(m: Measurement) -> tuple[float, float]:
    """Ends of the interval of the median latency, in ms."""
    low, high = ((end or m.latency_p50_s or 0) * 1e3 for end in (m.latency_p50_low_s, m.latency_p50_high_s))
    return low, high


def paired(m: Measurement) -> tuple[float, float]:
    """Ends of the interval that decides who is on the front: of the difference to the fp32 model, else of macro-F1."""
    f1 = m.macro_f1 or 0.0
    if m.delta_macro_f1 is not None and m.delta_low is not None and m.delta_high is not None:
        return f1 - m.delta_macro_f1 + m.delta_low, f1 - m.delta_macro_f1 + m.delta_high
    low, high = m.macro_f1_low, m.macro_f1_high
    return f1 if low is None else low, f1 if high is None else high  # a bound may be 0.0


def _ticks(axes: Axes) -> None:
    """Numbers on the logarithmic axis as people write them, also where it spans less than a power of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 8 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def _label(axes: Axes, marked: list[Measurement], rows: list[Measurement], renderer: Any) -> None:
    """Names of the cells on the front, where they cover nothing; a thin line leads to one that stands further off."""
    several = len({m.model for m in rows}) > 1
    texts = [axes.text(0, 0, _plain(f"{m.model} {columns.name(m)}" if several else columns.name(m))) for m in marked]
    sizes = [(box.width + 4, box.height + 2) for box in (text.get_window_extent(renderer) for text in texts)]
    spots = [_pixel(axes, *_place(m)) for m in rows]
    for m in marked:
        (x, y), (fast, slow), (low, high) = _place(m), _timed(m), paired(m)
        spots += _along(_pixel(axes, fast, y), _pixel(axes, slow, y))
        spots += _along(_pixel(axes, x, low), _pixel(axes, x, high))
    frame = axes.get_window_extent(renderer)
    found = labels.places(
        [_pixel(axes, *_place(m)) for m in marked], sizes, spots, (frame.x0, frame.y0, frame.x1, frame.y1)
    )
    for text, m, spot in zip(texts, marked, found, strict=True):
        text.remove()
        if spot is not None:
            x, y = map(float, axes.transData.inverted().transform(spot))
            axes.annotate(
                text.get_text(), _place(m), (x, y), ha="center", va="center",
                arrowprops={"arrowstyle": "-", "lw": 0.5, "color": "#777777", "shrinkB": 3}, zorder=4,
            )  # fmt: skip


def _along(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Points of a bar, so many that a label is moved the further away the more of it it would cover."""
    steps = int(np.hypot(end[0] - start[0], end[1] - start[1]) / EVERY) + 2
    return list(zip(np.linspace(start[0], end[0], steps), np.linspace(start[1], end[1], steps), strict=True))


def _place(m: Measurement) -> tuple[float, float]:
    return (m.latency_p50_s or 0) * 1e3, m.macro_f1 or 0


def _pixel(axes: Axes, x: float, y: float) -> tuple[float, float]:
    found = axes.transData.transform((x, y))
    return float(found[0]), float(found[1])


def _plain(text: str) -> str:
    """Text that matplotlib does not take for mathematics, and that leaves room for the picture."""
    short = text if len(text) <= SHOWN else f"{text[: SHOWN // 2]}…{text[-SHOWN // 2 + 1 :]}"
    return short.replace("$", r"\$")
