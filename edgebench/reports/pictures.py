"""Pictures of the Pareto front for report.md: latency, size and memory against macro-F1, one picture a target."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.files import safe_name
from edgebench.measurements import Measurement
from edgebench.reports import columns, labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00", "#56b4e9", "#7a3ff2", "#555555")
STYLE: dict[Any, Any] = {"svg.hashsalt": "edgebench", "svg.fonttype": "none", "font.size": 9, "axes.titlesize": 10}


@dataclass(frozen=True)
class Picture:
    """One file of a report, and what stands in place of it where it cannot be seen."""

    file: str
    text: str
    svg: str


def fronts(rows: Sequence[Measurement], stars: set[str], stem: str) -> list[Picture]:
    """A picture for each target and data set of one machine with cells that are ranked; `stem` starts the files' names.

    `rows` are cells of that machine with numbers, `stars` the ids of those on the front. The same rows in the same
    order give the same bytes.
    """
    drawn = [m for m in rows if not m.emulated and m.latency_p50_s is not None and m.macro_f1 is not None]
    groups = list(dict.fromkeys((m.target, m.dataset) for m in drawn))
    found: dict[str, Picture] = {}
    for target, dataset in groups:
        name = f"{stem}-{safe_name(target)}"
        while f"{name}.svg" in found:  # two names may be one as a file's
            name += "-"
        there = [m for m in drawn if (m.target, m.dataset) == (target, dataset)]
        marked = [m for m in there if m.cell.id in stars]
        text = f"Pareto front of {target}: {len(marked)} of {len(there)} cells, by latency, size, memory and macro-F1"
        found[f"{name}.svg"] = Picture(f"{name}.svg", text, _draw(there, stars, f"{target} · {dataset}"))
    return list(found.values())


def kind(rows: Sequence[Measurement]) -> Callable[[Measurement], str]:
    """What the colour of a cell tells: its model where there are several, else its variant, else its exporter."""
    keys: tuple[Callable[[Measurement], str], ...] = (lambda m: m.model, lambda m: m.variant, lambda m: m.exporter)
    return next((key for key in keys if len({key(m) for m in rows}) > 1), keys[-1])


def _draw(rows: list[Measurement], stars: set[str], title: str) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    key = kind(rows)
    names = list(dict.fromkeys(key(m) for m in rows))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 5.4), dpi=72, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)  # measures texts
        grid = figure.add_gridspec(2, 2, width_ratios=(1.9, 1))
        main = figure.add_subplot(grid[:, 0])
        size, memory = (figure.add_subplot(grid[row, 1], sharey=main) for row in (0, 1))
        _panel(main, rows, stars, colours, key, lambda m: (m.latency_p50_s or 0) * 1e3, intervals=True)
        _panel(size, rows, stars, colours, key, lambda m: (m.file_size_bytes or 0) / 1e6)
        _panel(
            memory, [m for m in rows if m.peak_rss_bytes], stars, colours, key, lambda m: (m.peak_rss_bytes or 0) / 1e6
        )
        main.set_xscale("log")
        _ticks(main)
        main.set(xlabel="median latency in ms, logarithmic", ylabel="macro-F1")
        size.set(xlabel="file size in MB")
        memory.set(xlabel="peak memory in MB")
        main.set_title(f"{_plain(title)}: the Pareto front and, pale, what it beats", loc="left")
        handles = [mpl.lines.Line2D([], [], marker="o", ls="", color=c, label=_plain(n)) for n, c in colours.items()]
        if len(handles) > 1:
            figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False)
        canvas.draw()
        figure.set_layout_engine("none")
        _label(main, [m for m in rows if m.cell.id in stars], rows, canvas.get_renderer())
        with io.StringIO() as stream:
            figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
            return stream.getvalue()


def _panel(
    axes: Axes, rows: Sequence[Measurement], stars: set[str], colours: Mapping[str, str],
    key: Callable[[Measurement], str], across: Callable[[Measurement], float], intervals: bool = False,
) -> None:  # fmt: skip
    axes.grid(alpha=0.25, lw=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    for name, colour in colours.items():
        for marked in (False, True):
            group = [m for m in rows if key(m) == name and (m.cell.id in stars) == marked]
            style: dict[str, Any] = {"s": 46, "zorder": 3} if marked else {"s": 20, "alpha": 0.4, "zorder": 2}
            axes.scatter(
                list(map(across, group)), [m.macro_f1 or 0 for m in group], color=colour, linewidths=0, **style
            )
            for m in group if marked and intervals else ():
                low, high = ((end or m.latency_p50_s or 0) * 1e3 for end in (m.latency_p50_low_s, m.latency_p50_high_s))
                axes.plot([low, high], [m.macro_f1 or 0] * 2, color=colour, lw=1.2, alpha=0.6)
                axes.plot([across(m)] * 2, paired(m), color=colour, lw=1.2, alpha=0.6)


def paired(m: Measurement) -> tuple[float, float]:
    """Ends of the interval that decides who is on the front: of the difference to the fp32 model, else of macro-F1."""
    f1 = m.macro_f1 or 0.0
    if m.delta_macro_f1 is not None and m.delta_low is not None and m.delta_high is not None:
        return f1 - m.delta_macro_f1 + m.delta_low, f1 - m.delta_macro_f1 + m.delta_high
    return m.macro_f1_low or f1, m.macro_f1_high or f1


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
    for m in marked:  # the bars too
        spots += [_pixel(axes, _place(m)[0], y) for y in np.linspace(*paired(m), 12)]
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


def _place(m: Measurement) -> tuple[float, float]:
    return (m.latency_p50_s or 0) * 1e3, m.macro_f1 or 0


def _pixel(axes: Axes, x: float, y: float) -> tuple[float, float]:
    found = axes.transData.transform((x, y))
    return float(found[0]), float(found[1])


def _plain(text: str) -> str:
    """Text that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")
