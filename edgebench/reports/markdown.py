"""report.md: a table to paste into a pull request, and below it what the numbers were measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgebench.choosing import int8_explanation
from edgebench.core.measurements import Measurement, Run
from edgebench.core.options import zeroes
from edgebench.core.results import Counterpart, Network
from edgebench.core.settings import QUICK
from edgebench.reports import columns, machines, parameters_picture, passes, pictures, tried, words
from edgebench.reports.machines import Machine
from edgebench.reports.text import escaped

CAPTION = (
    "Bars: 95 % intervals of the median latency, and of the difference of {score} to the fp32 model of the same "
    "network. They decide what is on the front; between networks the intervals of {score} itself do. Pale points are "
    "off the front: another cell dominates each. Emulated cells are not drawn."
)


class Markdown:
    """report.md: for each machine the short table, the cells that were not measured, and the environment."""

    file = "report.md"

    def render(self, run: Run) -> Mapping[str, str]:
        """The page and its pictures."""
        files: dict[str, str] = {}
        found = machines.split(run)
        parts = [f"# EdgeBench: {escaped(run.name)}", *map(escaped, words.caveats(run))]
        for number, machine in enumerate(found, 1):  # never two machines in one table
            several = len(found) > 1
            parts += [f"## On {escaped(machine.name)}"] if several else []
            stem = f"report-pareto-{number}" if several else "report-pareto"
            parts += _machine(machine, run, "###" if several else "##", stem, files)
        if not found:
            parts += [
                words.NOT_MEASURED,
                "## Measured on",
                _environment(run.environment, run.plan.get("measuring", {})),
            ]
        searched, drawn = tried.section(run)
        return {self.file: "\n\n".join(p for p in (*parts, *searched) if p) + "\n", **files, **drawn}


def _machine(machine: Machine, run: Run, level: str, stem: str, files: dict[str, str]) -> list[str]:
    """The sections on one machine; its pictures go into `files`, with names that start with `stem`."""
    measured = machine.measured
    drawn = pictures.fronts(measured, machine.stars, stem, machine.plan)
    files |= {picture.file: picture.svg for picture in drawn}
    parts = [_data(measured), *(f"![{escaped(picture.text, '[]')}]({picture.file})" for picture in drawn)]
    parts += [CAPTION.format(score=escaped(columns.label(measured)))] if drawn else []
    parts += _untrained(measured, machine, stem, files)
    parts.append(_table(machine))
    if any(map(machine.lost, measured)):
        parts.append(f"`lost`: {words.LOST}; such a cell has no star and is never recommended.")
    if any(columns.timing(m) == "emulated" for m in measured):
        parts.append(f"`emulated`: {words.EMULATED}.")
    if doubted := [m for m in measured if columns.doubt(m)]:
        parts += [f"{level} {words.DOUBTED}", _doubts(doubted)]
    if more := [m for m in measured if columns.has_passes(m)]:
        parts += [f"{level} Paced, in batches, from the disk", passes.table(more)]
    if compressed := [m for m in measured if m.cell.variant != "none"]:
        parts += [f"{level} What compression removed", _removed(compressed), *_zeros(compressed)]
    if counterparts := [(m, m.scores.counterpart) for m in measured if m.scores and m.scores.counterpart]:
        parts += [f"{level} int8 compared with plainer int8", _counterparts(counterparts)]
    own = replace(run, measurements=tuple(measured))  # int8 is compared with a float file of the same machine
    if explained := [(m, text) for m in measured if (text := int8_explanation.explain(m, own))]:
        parts += [f"{level} {words.EXPLAINED}", _explained(explained)]
    if taken := [(m, columns.delegated(m)) for m in measured if columns.delegated(m)]:
        parts += [f"{level} {words.DELEGATED}", _explained(taken)]
    if others := [m for m in machine.rows if columns.lacks(m)]:
        parts += [f"{level} {words.WITHOUT}", _reasons(others)]
    return [*parts, f"{level} Measured on", _environment(machine.environment, machine.measuring)]


def _untrained(measured: list[Measurement], machine: Machine, stem: str, files: dict[str, str]) -> list[str]:
    """The pictures of untrained networks: latency against parameters."""
    drawn = parameters_picture.fronts(measured, stem.replace("pareto", "parameters"), machine.plan)
    files |= {picture.file: picture.svg for picture in drawn}
    found = [f"![{escaped(picture.text, '[]')}]({picture.file})" for picture in drawn]
    return [*found, parameters_picture.CAPTION] if drawn else []


def _data(measured: list[Measurement]) -> str:
    if not measured:
        return words.NOT_MEASURED
    on = next(
        (
            f"{escaped(_upper(columns.label([m])))} on {m.scores.records} test records of **{escaped(m.dataset)}**; "
            "in brackets 95 % intervals."
            for m in measured
            if m.scores
        ),
        columns.unscored(measured, words.NOT_SCORED),
    )
    return (
        f"{on} Latency: median of single records, batch 1. Memory: peak RSS of a separate process. "
        f"★ Pareto front: {words.STAR}."
    )


def _table(machine: Machine) -> str:
    rows = machine.measured
    if not rows:
        return ""
    from tabulate import tabulate

    cells = [[*map(escaped, columns.row(m)), _best(m, machine)] for m in rows]
    headings = [*columns.headings(rows), "best"]
    # Runs of earlier versions have empty columns.
    kept = [i for i, heading in enumerate(headings) if heading == "best" or any(row[i] for row in cells)]
    cells = [[row[i] for i in kept] for row in cells]
    return str(tabulate(cells, [headings[i] for i in kept], tablefmt="github", disable_numparse=True))


def _best(m: Measurement, machine: Machine) -> str:
    return "★" if m.cell.id in machine.stars else "lost" if machine.lost(m) else ""


def _doubts(rows: list[Measurement]) -> str:
    return "\n".join(
        f"- **{escaped(m.cell.model)} {escaped(m.cell.name)}** on {escaped(m.cell.target)}, {escaped(columns.doubt(m))}"
        for m in rows
    )


def _removed(rows: list[Measurement]) -> str:
    """Each variant of each model once: parameters, multiply-adds, share of zeros."""
    from tabulate import tabulate

    cells = {}
    for m in rows:
        after = m.artifact.network if m.artifact else Network()
        before = (m.artifact.before if m.artifact else None) or Network()
        cells[m.cell.model, m.cell.variant] = [
            escaped(m.cell.model), escaped(m.cell.variant), _change(before.parameters, after.parameters),
            _change(before.macs, after.macs), _share(before.sparsity, after.sparsity),
        ]  # fmt: skip
    headings = ["model", "variant", "parameters", "MACs", "zeros"]
    return str(tabulate(list(cells.values()), headings, tablefmt="github", disable_numparse=True))


def _counterparts(rows: list[tuple[Measurement, Counterpart]]) -> str:
    """What options and quantization-aware training change, on the same records as the artifact without them."""
    from tabulate import tabulate

    cells = [
        [
            *map(escaped, (m.cell.model, m.cell.name, other.name, m.cell.target)),
            _difference(m, other),
        ]
        for m, other in rows
    ]
    delta = columns.score_headings([m for m, _ in rows])[1]
    headings = ["model", "int8", "against", "target", f"{escaped(delta)} (95 %)"]
    return str(tabulate(cells, headings, tablefmt="github", disable_numparse=True))


def _difference(m: Measurement, other: Counterpart) -> str:
    assert m.scores is not None
    change = m.scores.primary.metric.change
    return f"{change(other.delta)} ({change(other.low)} to {change(other.high)})"


def _upper(label: str) -> str:
    return label[:1].upper() + label[1:]


def _explained(rows: list[tuple[Measurement, str]]) -> str:
    return "\n".join(
        f"- **{escaped(m.cell.model)} {escaped(m.cell.name)}** on {escaped(m.cell.target)}: {escaped(text)}"
        for m, text in rows
    )


def _change(before: float | None, after: float | None) -> str:
    return columns.count(after) if before in (None, after) else f"{columns.count(before)} → {columns.count(after)}"


def _share(before: float | None, after: float | None) -> str:
    texts = ["" if share is None else f"{share:.1%}" for share in (before, after)]
    return " → ".join(text for text in dict.fromkeys(texts) if text)


def _zeros(rows: list[Measurement]) -> list[str]:
    """What zeros do not change, where a variant has set weights to zero."""
    zeroed = [m.artifact.network for m in rows if m.artifact and zeroes(m.cell.variant)]
    if not any((network.sparsity or 0) > 0.01 for network in zeroed):
        return []
    return [
        "Zero weights are stored and multiplied like all others: they shrink neither a dense file nor its latency, "
        "only the compressed file (column `zip`)."
    ]


def _reasons(rows: list[Measurement]) -> str:
    from tabulate import tabulate

    cells = [
        [escaped(x) for x in (m.cell.model, m.cell.name, m.cell.target, columns.lacking(m), m.reason)] for m in rows
    ]
    return str(
        tabulate(cells, ["model", "exporter", "target", "status", "reason"], tablefmt="github", disable_numparse=True)
    )


def _environment(facts: Mapping[str, Any], measuring: Mapping[str, Any]) -> str:
    emulated = "none" if measuring.get("preset") == QUICK else 1
    lines = {
        "processor": f"{facts.get('cpu')}, {facts.get('cores')} cores, {facts.get('architecture')}"
        + (" (virtual machine)" if facts.get("virtual") else ""),
        "instruction sets": ", ".join(facts.get("instruction_sets", [])) or "none that int8 kernels use",
        "memory": columns.size(facts.get("memory_bytes")),
        "system": f"{facts.get('system')}, Python {facts.get('python')}",
        "governor": facts.get("governor"),
        "temperature at start": f"{facts['temperature_c']:.0f} °C" if facts.get("temperature_c") is not None else "",
        "load at start": "" if facts.get("load_average") is None else f"{facts['load_average']:.2f}",
        "packages": ", ".join(f"{k} {v}" for k, v in facts.get("packages", {}).items()),
        "threads": ", ".join(f"{n} on {target}" for target, n in facts.get("target_threads", {}).items()),
        "latency": f"{measuring.get('processes')} processes for each cell ({emulated} if emulated) in shuffled order, "
        f"each with {measuring.get('warmup')} warm-up predictions, then at least {measuring.get('min_samples')} "
        f"samples and {measuring.get('min_seconds')} s",
    }
    return "\n".join(f"- {k}: {escaped(str(v))}" for k, v in lines.items() if v)


RENDERER = Markdown()
