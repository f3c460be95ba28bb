"""Pictures of untrained networks for the reports: median latency against parameters, one picture a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgebench.core import units
from edgebench.core.files import safe_name
from edgebench.core.measurements import Measurement
from edgebench.reports import columns, drawing, labels, palette, pictures
from edgebench.reports.pictures import IN_FILES, Picture

CAPTION = "Named: no other cell has as many parameters at a lower latency. Bars: 95 % intervals of the median."
PARAMETERS = 1e15
"""The most that are drawn."""


def fronts(rows: Sequence[Measurement], stem: str, plan: Mapping[str, Any]) -> list[Picture]:
    """A picture for each target of one machine that has untrained cells; file names start with `stem`."""
    drawn = [m for m in rows if _drawable(m)]
    found: dict[str, Picture] = {}
    for target in dict.fromkeys(m.cell.target for m in drawn):
        name = f"{stem}-{safe_name(target)[:IN_FILES]}"
        while f"{name}.svg" in found:
            name += "-"
        there = [m for m in drawn if m.cell.target == target]
        text = f"Untrained networks on {target}: latency against parameters, {len(there)} cells"
        found[f"{name}.svg"] = Picture(f"{name}.svg", text, _draw(there, target, plan))
    return list(found.values())


def front(rows: Sequence[Measurement]) -> list[Measurement]:
    """The cells with at least as many parameters as no faster one has, from the fastest."""
    found: list[Measurement] = []
    for m in sorted(rows, key=lambda m: (columns.median(m) or 0.0, -_parameters(m), m.cell.id)):
        if not found or _parameters(m) > _parameters(found[-1]):
            found.append(m)
    return found


def _parameters(m: Measurement) -> int:
    return (m.artifact.network.parameters if m.artifact else None) or 0


def _drawable(m: Measurement) -> bool:
    if m.artifact is None or not m.artifact.untrained or m.emulated or m.status != "ok":
        return False
    time_ms = (columns.median(m) or 0.0) * 1e3
    return pictures.FASTEST_MS <= time_ms <= pictures.SLOWEST_MS and 0 < _parameters(m) <= PARAMETERS


def _draw(rows: list[Measurement], target: str, plan: Mapping[str, Any]) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with drawing.style(font_size=9, axes_titlesize=10):
        figure = Figure(figsize=(10, 5.4), dpi=72, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)  # measures texts
        axes = figure.add_subplot()
        axes.grid(alpha=0.25, lw=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        for look in palette.looks(rows, "exporter", plan):
            for number, m in enumerate(m for m in rows if m.cell.exporter == look.name):
                x, y = _parameters(m) / 1e6, (columns.median(m) or 0.0) * 1e3
                low, high = pictures.interval(m)
                label = "_" if number else pictures.plain(look.name)
                axes.scatter([x], [y], color=look.colour, marker=look.mark, s=30, linewidths=0, label=label, zorder=3)
                axes.plot([x, x], [1e3 * low, 1e3 * high], color=look.colour, lw=1.2, alpha=0.6)
        if bound_ms := 1e3 * ((plan.get("policy") or {}).get("max_latency_s") or 0.0):
            label = f"at most {units.exact_duration(bound_ms / 1e3)}"
            axes.axhline(bound_ms, color="#777777", lw=0.8, ls="--", label=label, zorder=1)
        axes.set(xscale="log", yscale="log", xlabel="parameters in millions", ylabel="median latency in ms")
        for axis in (axes.xaxis, axes.yaxis):
            pictures.plain_numbers(axis)
        axes.set_title(f"{pictures.plain(target)}: untrained networks; named: the front", loc="left")
        axes.legend(frameon=False)
        canvas.draw()
        figure.set_layout_engine("none")
        _name(axes, front(rows), rows, canvas.get_renderer())
        return drawing.svg(figure)


def _pixel(axes: Any, place: tuple[float, float]) -> tuple[float, float]:
    x, y = axes.transData.transform(place)
    return float(x), float(y)


def _name(axes: Any, named: list[Measurement], rows: list[Measurement], renderer: Any) -> None:
    """Write the names of the cells on the front where they cover nothing."""
    texts = [axes.text(0, 0, pictures.plain(f"{m.cell.model} {m.cell.name}")) for m in named]
    sizes = [(box.width + 4, box.height + 2) for box in (text.get_window_extent(renderer) for text in texts)]
    places = {m.cell.id: (_parameters(m) / 1e6, (columns.median(m) or 0.0) * 1e3) for m in rows}
    pixels = {name: _pixel(axes, place) for name, place in places.items()}
    frame = axes.get_window_extent(renderer)
    spots = labels.places(
        [pixels[m.cell.id] for m in named], sizes, list(pixels.values()), (frame.x0, frame.y0, frame.x1, frame.y1)
    )
    for text, m, spot in zip(texts, named, spots, strict=True):
        text.remove()
        if spot is not None:
            at = tuple(map(float, axes.transData.inverted().transform(spot)))
            axes.annotate(
                text.get_text(), places[m.cell.id], at, ha="center", va="center", zorder=4,
                arrowprops={"arrowstyle": "-", "lw": 0.5, "color": "#777777", "shrinkB": 3},
            )  # fmt: skip
