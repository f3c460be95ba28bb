"""`edgebench list` on a terminal."""

from __future__ import annotations

from edgebench.cli.console import err, live, out
from edgebench.core import registry
from edgebench.diagnosis import plugins
from edgebench.models import shipped_weights
from edgebench.models.catalog import ModelFacts, model_facts
from edgebench.reports.columns import count, size
from edgebench.reports.plain import plain
from edgebench.reports.terminal import print_table


def show_list(kind: str) -> None:
    """Print the plug-ins of a kind, or of all kinds for an empty one. Raises UnknownPlugin."""
    if kind == "models":
        _show_models()
        return
    for name, found in plugins(kind).items():
        label = f"{registry.KINDS[name]}s" if name in registry.KINDS else name
        title = name if label == name else f"{name} ({label})"
        print_table(out, [title, ""], [[plugin, summary] for plugin, summary in found.items()])


def _show_models() -> None:
    with live("nothing was written", keep=False) as reporter:
        found = model_facts(reporter)
    title = "MACs: multiply-adds of one record · size: weights as shipped, half precision · scores: on the test records"
    numbers = ("params", "MACs")
    for number, task in enumerate(dict.fromkeys(m.task for m in found if m.shipped)):
        there = [m for m in found if m.shipped and m.task == task]
        labels = next(([metric.label for metric, _ in m.scores] for m in there if m.scores), ["", ""])
        headings = ["model", *numbers, _joined("size", *labels, "weights")]
        print_table(out, headings, [_row(m) for m in there], title if not number else task, numbers)
    for axes in dict.fromkeys(m.axes for m in found if not m.shipped):
        there = [m for m in found if not m.shipped and m.axes == axes]
        counted = f", counted for records of ({', '.join(axes)})" if axes else ""
        print_table(
            out, ["model", *numbers, "to train"], [_untrained(m) for m in there], f"no weights yet{counted}", numbers
        )
    usual = next((m.dataset for m in found if m.dataset), "")
    for m in found:
        if m.dataset not in ("", usual):
            out.print(plain(f"{m.name}: trained and scored on {m.dataset}"), soft_wrap=True)
    problems = [m.problem for m in found if m.problem]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        err.print(plain(f"unknown: {problems[0]}{more}", "yellow"), soft_wrap=True)
    if any(_missing(m) for m in found):
        err.print(plain(f"missing weights: {shipped_weights.INSTALL}", "yellow"), soft_wrap=True)


def _row(m: ModelFacts) -> list[str]:
    scores = ([metric.text(value) for metric, value in m.scores] + ["", ""])[:2]
    where = "missing" if _missing(m) else "shipped"
    return [m.name, count(m.parameters), count(m.macs), _joined(size(m.size_bytes), *scores, where)]


def _untrained(m: ModelFacts) -> list[str]:
    return [m.name, count(m.parameters), count(m.macs), f"edgebench train {m.name}"]


def _missing(m: ModelFacts) -> bool:
    return m.shipped and m.size_bytes is None


def _joined(*texts: str) -> str:
    return "  ".join(f"{text:>{width}}" for text, width in zip(texts, (8, 8, 9, 0), strict=True))
