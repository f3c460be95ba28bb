"""report.json: every field of every measurement in base units, the machines, and what is recommended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from edgebench.choosing.recommendation import Recommendation
from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import all_readable
from edgebench.reports import machines
from edgebench.reports.csv import PARETO

VERSION = 1
"""Goes up when a field changes its meaning or goes; new fields do not change it."""


class Json:
    """report.json: an object a cell and the recommendations, for programs."""

    file = "report.json"

    def render(self, run: Run) -> Mapping[str, str]:
        """The machines in the order of their names, the cells of each in the order of the tables."""
        page = {
            "report": "edgebench",
            "version": VERSION,
            "run": run.name,
            "machines": [_machine(run, machine) for machine in machines.split(run)],
        }
        return {self.file: json.dumps(page, indent=2, ensure_ascii=False, allow_nan=False) + "\n"}


def _machine(run: Run, machine: machines.Machine) -> dict[str, Any]:
    advice = machines.recommended(run, machine)
    return {
        "name": machine.name,
        "runs": list(machine.runs),
        "environment": all_readable(dict(machine.environment)),
        "measuring": all_readable(dict(machine.measuring)),
        "recommendations": [_advice(a, machines.drop(machine)) for a in advice],
        "measurements": [_cell(m, machine) for m in machine.rows],
    }


def _cell(m: Measurement, machine: machines.Machine) -> dict[str, Any]:
    """The columns of report.csv and the cell's id; `pareto` is null where a cell is not ranked."""
    return {"id": m.cell.id, **asdict(m), PARETO: machine.on_front(m)}


def _advice(advice: Recommendation, drop: float | None) -> dict[str, Any]:
    """A recommendation; cells are named by their ids. `drop` is the bound, None where there was none."""
    return {
        "target": advice.target,
        "max_f1_drop": drop,
        "chosen": advice.chosen.cell.id if advice.chosen else None,
        "why": advice.why,
        "file": advice.file,
        "sha256": advice.sha256,
        "snippet": advice.snippet,
        "rivals": [{"id": m.cell.id, "why_not": text} for m, text in advice.rivals],
        "costs": list(advice.costs),
        "excluded": dict(advice.excluded),
        "nearest": [{"id": m.cell.id, "would_give": text} for m, text in advice.nearest],
    }


RENDERER = Json()
