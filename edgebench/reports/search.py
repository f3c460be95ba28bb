"""report.md of an accuracy-aware search: the trials, the result, and the sensitivity of each module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebench.core.files import write_text
from edgebench.core.metrics import Metric
from edgebench.core.validation import build
from edgebench.reports.sensitivity import picture
from edgebench.reports.text import escaped
from edgebench.tasks import earlier

PICTURE = "sensitivity.svg"
SENSITIVITY = ("module", "agreement", "logit error", "parameters", "kept in")


def sensitivity_rows(ranked: Sequence[Mapping[str, Any]], in_float: Sequence[str]) -> list[list[str]]:
    """The rows of the sensitivity table, the most sensitive module first."""
    return [
        [
            str(s["module"]), f"{s['agreement']:.4f}", f"{s['error']:.4f}", f"{s['parameters']:,}",
            "float" if s["module"] in in_float else "int8",
        ]
        for s in ranked
    ]  # fmt: skip


def metric_of(found: Mapping[str, Any]) -> Metric:
    """The primary metric of a search.json."""
    return build(Metric, found["validation"]["metric"])


def trial_headings(metric: Metric) -> tuple[str, ...]:
    """The headings of the table of trials."""
    return ("modules in float", metric.label, f"Δ {metric.narrow}", "size")


def trial_rows(found: Mapping[str, Any]) -> list[list[str]]:
    """The rows of the table of trials of a search.json."""
    metric, base = metric_of(found), found["validation"]["value"]
    return [
        [
            str(t["in_float"]), metric.fine(t["score"]), metric.change(t["score"] - base),
            f"{t['file_size_bytes'] / 1e6:.2f} MB",
        ]
        for t in found["trials"]
    ]  # fmt: skip


def write(folder: Path, found: Mapping[str, Any], ranked: Sequence[Mapping[str, Any]]) -> None:
    """Write report.md and its picture; `found` is a search.json, `ranked` the sensitivities."""
    picture([(s["module"], s["agreement"]) for s in ranked], set(found["modules"]), folder / PICTURE)
    write_text(folder / "report.md", render(found, ranked))


def render(found: Mapping[str, Any], ranked: Sequence[Mapping[str, Any]]) -> str:
    """The page; `found` is a search.json, `ranked` the sensitivities."""
    from tabulate import tabulate

    def table(headings: Sequence[str], rows: list[list[str]]) -> str:
        cells = [[escaped(cell) for cell in row] for row in rows]
        return str(tabulate(cells, list(headings), tablefmt="github", disable_numparse=True))

    found = earlier.search(found)
    asked, metric = found["request"], metric_of(found)
    scores = {
        name: next(s for s in one["metrics"] if s["metric"]["name"] == metric.name)
        for name, one in found["test"].items()
    }
    text, fine, change = metric.text, metric.fine, metric.change
    names = {"float": "fp32", "int8": "int8 throughout", "found": f"{len(found['modules'])} modules in float"}
    tested = [
        [names[k], f"{fine(s['value'])} ({text(s['low'])}–{text(s['high'])})",
         f"{change(s['delta'])} ({change(s['delta_low'])} to {change(s['delta_high'])})"]
        for k, s in scores.items()
    ]  # fmt: skip
    met = "meets" if found["within"] else "**does not meet**"
    kept = f"{len(found['modules'])} of {len(ranked)} modules"
    score = escaped(metric.label)
    return "\n\n".join([
        f"# {escaped(asked['model'])} {escaped(asked['exporter'])}, accuracy-aware",
        f"The artifact with {kept} in float {met} the bound: {score} may {metric.fall} by {asked['max_drop']:g} on the "
        "validation records.",
        "## On the test records, which the search did not use",
        table(("artifact", metric.label, f"Δ {metric.narrow}"), tested),
        "## Trials, on the validation records", table(trial_headings(metric), trial_rows(found)),
        "## Sensitivity of each module",
        "Agreement: share of the decisions on the calibration records that do not change if only this module is int8.",
        f"![sensitivity]({PICTURE})", table(SENSITIVITY, sensitivity_rows(ranked, found["modules"])),
    ]) + "\n"  # fmt: skip
