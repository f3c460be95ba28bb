"""report.json: all measurements in base units, the machines, and the recommendations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from edgebench.choosing.recommendation import Recommendation
from edgebench.core.flat_row import flatten, metrics_of, tables_of
from edgebench.core.measurements import Measurement, Run
from edgebench.core.metrics import Metric
from edgebench.core.serialization import all_readable, to_dict
from edgebench.reports import machines
from edgebench.reports.csv import PARETO

VERSION = 2
"""Increases when a field is removed or changes its meaning, not when a field is added."""


class Json:
    """report.json: an object for each cell, and the recommendations, for programs."""

    file = "report.json"

    def render(self, run: Run) -> Mapping[str, str]:
        """The machines by name, the cells of each in the order of the tables."""
        page = {
            "report": "edgebench",
            "version": VERSION,
            "run": run.name,
            "machines": [_machine(run, machine) for machine in machines.split(run)],
        }
        return {self.file: json.dumps(page, indent=2, ensure_ascii=False, allow_nan=False) + "\n"}


def _machine(run: Run, machine: machines.Machine) -> dict[str, Any]:
    advice = machines.recommended(run, machine)
    metrics, tables = metrics_of(run.measurements), tables_of(run.measurements)
    return {
        "name": machine.name,
        "runs": list(machine.runs),
        "environment": all_readable(dict(machine.environment)),
        "measuring": all_readable(dict(machine.measuring)),
        "recommendations": [_advice(a, metrics) for a in advice],
        "metrics": [to_dict(metric) for metric in metrics_of(machine.rows)],
        "measurements": [_cell(m, machine, metrics, tables) for m in machine.rows],
    }


def _cell(
    m: Measurement, machine: machines.Machine, metrics: Sequence[Metric], tables: Sequence[str]
) -> dict[str, Any]:
    """The columns of report.csv, the cell's id, and whether it lost more than the policy allows.

    `pareto` is null where a cell is not ranked.
    """
    front = {PARETO: machine.on_front(m), "lost": machine.lost(m)}
    return {"id": m.cell.id, **flatten(m, metrics, tables), **front}


def _advice(advice: Recommendation, metrics: Sequence[Metric]) -> dict[str, Any]:
    """A recommendation, in which ids name the cells; `max_drop` is null where it is a share of the fp32 value."""
    drop = advice.policy.max_drop
    if drop is None and metrics and metrics[0].has_usual_drop:
        drop = metrics[0].usual_drop(1.0)
    return {
        "target": advice.target,
        "max_drop": drop,
        "policy": to_dict(advice.policy),
        "policy_text": advice.policy_text,
        "chosen": advice.chosen.cell.id if advice.chosen else None,
        "why": advice.why,
        "measure_there": list(advice.measure_there),
        "file": advice.file,
        "sha256": advice.sha256,
        "snippet": advice.snippet,
        "rivals": [{"id": m.cell.id, "why_not": text} for m, text in advice.rivals],
        "costs": list(advice.costs),
        "untrained": advice.untrained,
        "excluded": dict(advice.excluded),
        "nearest": [{"id": m.cell.id, "would_give": text} for m, text in advice.nearest],
    }


RENDERER = Json()
