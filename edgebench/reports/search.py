"""report.md of an accuracy-aware search: the trials, the result, and the sensitivity of each module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebench.core.files import write_text
from edgebench.reports.sensitivity import picture
from edgebench.reports.text import escaped

PICTURE = "sensitivity.svg"
SENSITIVITY = ("module", "agreement", "logit error", "parameters", "kept in")
TRIALS = ("modules in float", "macro-F1", "Δ F1", "size")


def sensitivity_rows(ranked: Sequence[Mapping[str, Any]], in_float: Sequence[str]) -> list[list[str]]:
    """The rows of the sensitivity table, the most sensitive module first."""
    return [
        [
            str(s["module"]), f"{s['agreement']:.4f}", f"{s['error']:.4f}", f"{s['parameters']:,}",
            "float" if s["module"] in in_float else "int8",
        ]
        for s in ranked
    ]  # fmt: skip


def trial_rows(trials: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The rows of the table of trials."""
    return [
        [str(t["in_float"]), f"{t['macro_f1']:.4f}", f"{-t['drop'] + 0.0:+.4f}", f"{t['file_size_bytes'] / 1e6:.2f} MB"]
        for t in trials
    ]


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

    asked, scores = found["request"], found["test"]
    names = {"float": "fp32", "int8": "int8 throughout", "found": f"{len(found['modules'])} modules in float"}
    tested = [
        [names[k], f"{s['macro_f1']:.4f} ({s['macro_f1_low']:.3f}–{s['macro_f1_high']:.3f})",
         f"{s['delta_macro_f1'] + 0.0:+.4f} ({s['delta_low']:+.4f} to {s['delta_high']:+.4f})"]
        for k, s in scores.items()
    ]  # fmt: skip
    met = "meets" if found["within"] else "**does not meet**"
    kept = f"{len(found['modules'])} of {len(ranked)} modules"
    return "\n\n".join([
        f"# {escaped(asked['model'])} {escaped(asked['exporter'])}, accuracy-aware",
        f"The artifact with {kept} in float {met} the bound: macro-F1 may drop by {asked['max_drop']:g} on the "
        "validation fold.",
        "## On the test fold, which the search did not use", table(("artifact", "macro-F1", "Δ F1"), tested),
        "## Trials, on the validation fold", table(TRIALS, trial_rows(found["trials"])),
        "## Sensitivity of each module",
        "Agreement: share of the decisions on the calibration records that do not change if only this module is int8.",
        f"![sensitivity]({PICTURE})", table(SENSITIVITY, sensitivity_rows(ranked, found["modules"])),
    ]) + "\n"  # fmt: skip
