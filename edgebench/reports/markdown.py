"""report.md: a table to paste into a pull request, and below it what the numbers were measured on."""

from __future__ import annotations

from typing import Any

from edgebench.contracts import Measurement, Run
from edgebench.reports import columns


class Markdown:
    """The short table, the cells without numbers, the environment."""

    file = "report.md"

    def render(self, run: Run) -> str:
        """The whole page."""
        rows = columns.ordered(run)
        measured, others = [m for m in rows if m.status == "ok"], [m for m in rows if m.status != "ok"]
        parts = [f"# EdgeBench: {_text(run.name)}", _data(rows), _table(measured)]
        if any(m.verdict == "emulated" for m in measured):
            parts.append(
                "`emulated`: this machine is not that target; size and macro-F1 count, the latency says nothing."
            )
        if others:
            parts += ["## Without numbers", _reasons(others)]
        parts += ["## Measured on", _environment(run)]
        return "\n\n".join(p for p in parts if p) + "\n"


def _data(rows: list[Measurement]) -> str:
    scored = next((m for m in rows if m.records), None)
    if scored is None:
        return "No cell was measured."
    return (
        f"Macro-F1 on {scored.records} test records of **{_text(scored.dataset)}**; in brackets 95 % intervals. "
        "Latency: median of single records, batch 1. Memory: peak RSS of a process of its own. "
        "★ Pareto front: no other cell on the target is clearly better in one figure and not clearly worse in another."
    )


def _table(rows: list[Measurement]) -> str:
    if not rows:
        return ""
    from tabulate import tabulate

    stars = columns.best(rows)
    cells = [[*map(_text, columns.row(m)), "★" if m.cell.id in stars else ""] for m in rows]
    return str(tabulate(cells, [*columns.COLUMNS, "best"], tablefmt="github", disable_numparse=True))


def _reasons(rows: list[Measurement]) -> str:
    from tabulate import tabulate

    cells = [[_text(x) for x in (m.model, columns.name(m), m.target, m.status, m.reason)] for m in rows]
    return str(tabulate(cells, ["model", "exporter", "target", "status", "reason"], tablefmt="github"))


def _environment(run: Run) -> str:
    facts: dict[str, Any] = dict(run.environment)
    measuring = run.plan.get("measuring", {})
    lines = {
        "processor": f"{facts.get('cpu')}, {facts.get('cores')} cores, {facts.get('architecture')}"
        + (" (virtual machine)" if facts.get("virtual") else ""),
        "instruction sets": ", ".join(facts.get("instruction_sets", [])) or "none that int8 kernels use",
        "memory": columns.size(facts.get("memory_bytes")),
        "system": f"{facts.get('system')}, Python {facts.get('python')}",
        "governor": facts.get("governor"),
        "temperature at start": f"{facts['temperature_c']:.0f} °C" if facts.get("temperature_c") is not None else "",
        "load at start": f"{facts.get('load_average', 0):.2f}",
        "packages": ", ".join(f"{k} {v}" for k, v in facts.get("packages", {}).items()),
        "threads": ", ".join(f"{n} on {target}" for target, n in facts.get("target_threads", {}).items()),
        "latency": f"{measuring.get('processes')} processes a cell (1 where it is emulated) in shuffled order, each "
        f"{measuring.get('warmup')} warm-up predictions, then at least {measuring.get('min_samples')} samples "
        f"and {measuring.get('min_seconds')} s",
    }
    return "\n".join(f"- {k}: {_text(str(v))}" for k, v in lines.items() if v)


def _text(text: str) -> str:
    """Text that Markdown and HTML show as it is, and that stays in its table cell."""
    for plain, escaped in (("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(plain, escaped)
    return text


RENDERER = Markdown()
