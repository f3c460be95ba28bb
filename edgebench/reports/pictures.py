"""Pictures of the Pareto front for report.md: latency, size and memory against the score, one picture a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.core.files import safe_name
from edgebench.core.measurements import Measurement
from edgebench.core.metrics import Metric
from edgebench.reports import columns, drawing, labels, palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IN_FILES, SHOWN = 40, 60
"""Characters of a target's name in a file name (file systems allow 255 bytes), and of a name in a picture."""
FASTEST_MS, SLOWEST_MS = 1e-9, 1e9
"""Median latencies outside of these are not drawn: all would lie on one another beside them."""
MOST_BYTES = 1e18
MOST_SCORE = 1e9
"""The largest absolute value of a metric without bounds that is drawn."""
EVERY = 8.0
"""Pixels between the points of a bar that a label should not cover."""


@dataclass(frozen=True)
class Picture:
    """A picture of a report, with the text that stands for it where it cannot be seen."""

    file: str
    text: str
    svg: str


def fronts(
    rows: Sequence[Measurement], stars: set[str], stem: str, plan: Mapping[str, Any] | None = None
) -> list[Picture]:
    """A picture for each target and data set of one machine that has ranked cells; file names start with `stem`.

    `rows` are the measured cells of that machine, `stars` the ids of those on the front. Colours follow the order of
    the plan. The same rows in the same order give the same bytes.
    """
    drawn = [m for m in rows if not m.emulated and m.latency and m.scores and _drawable(m)]
    groups = list(dict.fromkeys((m.cell.target, m.dataset) for m in drawn))
    found: dict[str, Picture] = {}
    for target, dataset in groups:
        name = f"{stem}-{safe_name(target)[:IN_FILES]}"
        while f"{name}.svg" in found:  # different targets may have the same file name
            name += "-"
        there = [m for m in drawn if (m.cell.target, m.dataset) == (target, dataset)]
        marked = [m for m in there if m.cell.id in stars]
        by = f"latency, size, memory and {columns.label(there)}"
        text = f"Pareto front of {target}: {len(marked)} of {len(there)} cells, by {by}"
        found[f"{name}.svg"] = Picture(f"{name}.svg", text, _draw(there, stars, f"{target} · {dataset}", plan or {}))
    return list(found.values())


def _drawable(m: Measurement) -> bool:
    """Whether an axis can hold the cell beside others; no real one has such values."""
    time_ms, value = _place(m)
    score = columns.score_of(m)
    low, high = _range(score.metric) if score else (0.0, 0.0)
    return FASTEST_MS <= time_ms <= SLOWEST_MS and low <= value <= high


def _range(metric: Metric) -> tuple[float, float]:
    """The values of a metric that an axis can hold."""
    low, high = metric.low, metric.high
    return -MOST_SCORE if low is None else low, MOST_SCORE if high is None else high


def _draw(rows: list[Measurement], stars: set[str], title: str, plan: Mapping[str, Any]) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    of = palette.kind(rows)
    groups = [(look, [m for m in rows if getattr(m.cell, of) == look.name]) for look in palette.looks(rows, of, plan)]
    with drawing.style(font_size=9, axes_titlesize=10):
        figure = Figure(figsize=(10, 5.4), dpi=72, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)  # measures texts
        grid = figure.add_gridspec(2, 2, width_ratios=(1.9, 1))
        main = figure.add_subplot(grid[:, 0])
        size, memory = (figure.add_subplot(grid[row, 1], sharey=main) for row in (0, 1))
        _panel(main, groups, stars, lambda m: _place(m)[0])
        _bars(main, groups, stars)
        _panel(size, _known(groups, columns.file_size), stars, lambda m: (columns.file_size(m) or 0) / 1e6)
        _panel(memory, _known(groups, columns.peak_memory), stars, lambda m: (columns.peak_memory(m) or 0) / 1e6)
        main.set_xscale("log")
        plain_numbers(main.xaxis)
        main.set(xlabel="median latency in ms, logarithmic", ylabel=plain(_axis(rows)))
        size.set(xlabel="file size in MB")
        memory.set(xlabel="peak memory in MB")
        main.set_title(f"{plain(title)}: the Pareto front; pale: cells off it", loc="left")
        handles = [Line2D([], [], marker=x.mark, ls="", color=x.colour, label=plain(x.name)) for x, _ in groups]
        if len(handles) > 1:
            figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False)
        canvas.draw()
        figure.set_layout_engine("none")
        _label(main, [m for m in rows if m.cell.id in stars], rows, canvas.get_renderer())
        return drawing.svg(figure)


Groups = Sequence[tuple[palette.Look, Sequence[Measurement]]]


def _known(groups: Groups, size: Callable[[Measurement], float | None]) -> Groups:
    """The cells of each group that have such a size."""
    return [(look, [m for m in cells if 0 < (size(m) or 0) <= MOST_BYTES]) for look, cells in groups]


def _axis(rows: Sequence[Measurement]) -> str:
    """The title of the axis of the score, which says where lower is better."""
    metric = next(iter(columns.metrics(rows)), None)
    if metric is None:
        return columns.NO_METRIC
    return metric.heading if metric.better == "higher" else f"{metric.heading} ({metric.better} is better)"


def _panel(axes: Axes, groups: Groups, stars: set[str], across: Callable[[Measurement], float]) -> None:
    axes.grid(alpha=0.25, lw=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    for look, cells in groups:
        for marked in (False, True):
            group = [m for m in cells if (m.cell.id in stars) == marked]
            style: dict[str, Any] = {"s": 46, "zorder": 3} if marked else {"s": 20, "alpha": 0.4, "zorder": 2}
            spots = list(map(across, group)), [_place(m)[1] for m in group]
            axes.scatter(*spots, color=look.colour, marker=look.mark, linewidths=0, **style)


def _bars(axes: Axes, groups: Groups, stars: set[str]) -> None:
    for look, cells in groups:
        for m in cells:
            if m.cell.id in stars:
                axes.plot(_timed(m), [_place(m)[1]] * 2, color=look.colour, lw=1.2, alpha=0.6)
                axes.plot([_place(m)[0]] * 2, paired(m), color=look.colour, lw=1.2, alpha=0.6)


def _timed(m: Measurement) -> tuple[float, float]:
    """Ends of the interval of the median latency, in ms."""
    low, high = interval(m)
    return _within(low * 1e3, FASTEST_MS, SLOWEST_MS), _within(high * 1e3, FASTEST_MS, SLOWEST_MS)


def interval(m: Measurement) -> tuple[float, float]:
    """Ends of the interval of the median latency in seconds; the median itself where there is none."""
    p50 = columns.median(m) or 0.0
    low, high = (m.latency.p50_low_s, m.latency.p50_high_s) if m.latency else (None, None)
    return (p50, p50) if low is None or high is None else (low, high)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _near(value: float, metric: Metric) -> float:
    """The end of an interval, not further beyond the range of the metric than the range is wide."""
    low, high = _range(metric)
    return _within(value, 2 * low - high, 2 * high - low)


def paired(m: Measurement) -> tuple[float, float]:
    """Ends of the interval that decides about the front: of the difference to the fp32 model, else of the score."""
    score = columns.score_of(m)
    if score is None:
        return 0.0, 0.0
    if score.delta is not None and score.delta_low is not None and score.delta_high is not None:
        ends = score.value - score.delta + score.delta_low, score.value - score.delta + score.delta_high
    else:
        low, high = score.low, score.high
        ends = score.value if low is None else low, score.value if high is None else high  # an end may be 0.0
    return _near(ends[0], score.metric), _near(ends[1], score.metric)


def plain_numbers(axis: Any) -> None:
    """Plain numbers on a logarithmic axis, also where it spans less than a power of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 8 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def _label(axes: Axes, marked: list[Measurement], rows: list[Measurement], renderer: Any) -> None:
    """Write the names of the cells on the front where they cover nothing, with a thin line to those further away."""
    several = len({m.cell.model for m in rows}) > 1
    texts = [axes.text(0, 0, plain(f"{m.cell.model} {m.cell.name}" if several else m.cell.name)) for m in marked]
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
    """Points along a bar: the more of it a label would cover, the further the label moves away."""
    steps = int(np.hypot(end[0] - start[0], end[1] - start[1]) / EVERY) + 2
    return list(zip(np.linspace(start[0], end[0], steps), np.linspace(start[1], end[1], steps), strict=True))


def _place(m: Measurement) -> tuple[float, float]:
    """Median latency in ms, and the score."""
    score = columns.score_of(m)
    return (columns.median(m) or 0) * 1e3, score.value if score else 0


def _pixel(axes: Axes, x: float, y: float) -> tuple[float, float]:
    found = axes.transData.transform((x, y))
    return float(found[0]), float(found[1])


def plain(text: str) -> str:
    """A short text that matplotlib does not read as mathematics."""
    short = text if len(text) <= SHOWN else f"{text[: SHOWN // 2]}…{text[-SHOWN // 2 + 1 :]}"
    return short.replace("$", r"\$")
