"""The texts of the page's templates: the machine, its charts, and the cells that were not measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgebench.choosing import int8_explanation
from edgebench.core.measurements import Run
from edgebench.core.settings import QUICK
from edgebench.pipeline import run_store
from edgebench.reports import columns, machines, parameters_picture, tried
from edgebench.reports.html import advice, cells, charts, embedding


def section(run: Run, machine: machines.Machine, number: int) -> dict[str, Any]:
    """The fields of one machine that `machine.html.j2` shows, as plain texts."""
    measured = machine.measured
    own = replace(run, measurements=tuple(measured))
    explained = [(m, text) for m in measured if (text := int8_explanation.explain(m, own))]
    scored = next((m for m in measured if m.scores), None)
    emulated = {m.cell.target for m in measured if m.emulated}
    asked = machines.recommended(run, machine) if measured else []
    return {
        "id": f"machine-{number}",
        "number": number,
        "name": machine.name or cells.UNKNOWN,
        "runs": machine.runs,
        "records": scored.scores.records if scored and scored.scores else 0,
        "dataset": scored.dataset if scored else "",
        "score": columns.label(measured),
        "table": cells.table_title(measured),
        "synthetic": bool(scored and "synthetic" in scored.dataset.lower()),
        "cells": len(machine.rows),
        "measured": len(measured),
        "emulated": sorted(emulated),
        "advice": [advice.fields(a) for a in asked],
        "trade_offs": charts.trade_offs(measured),
        "parameters": [
            (picture.text, embedding.image(picture.svg))
            for picture in parameters_picture.fronts(measured, "parameters", machine.plan)
        ],
        "parameters_key": parameters_picture.CAPTION,
        "no_trade_offs": charts.unscored(measured),
        "strips": charts.strips(measured, lambda m: run_store.latencies(run, m)),
        "no_classes": charts.classes(measured),
        "without": [
            (advice.title(m), m.cell.target, columns.lacking(m), m.reason) for m in machine.rows if columns.lacks(m)
        ],
        "explained": [(advice.title(m), m.cell.target, text) for m, text in explained],
        "delegated": [(advice.title(m), m.cell.target, share) for m in measured if (share := columns.delegated(m))],
        "facts": facts(machine.environment),
        "measuring": {
            "processes": machine.measuring.get("processes"),
            "warmup": machine.measuring.get("warmup"),
            "samples": machine.measuring.get("min_samples"),
            "seconds": machine.measuring.get("min_seconds"),
            "emulated": "none" if machine.measuring.get("preset") == QUICK else 1,
        },
    }


def search(run: Run) -> dict[str, Any] | None:
    """The fields of the search that `tried.html.j2` shows; None for a run without one."""
    found = tried.of(run)
    if found is None:
        return None
    drawn = tried.picture(found)
    return {
        "title": tried.TITLE, "summary": tried.summary(found), "caption": tried.CAPTION, "headings": tried.HEADINGS,
        "rows": tried.rows(found), "picture": embedding.image(drawn.svg) if drawn else "",
        "text": drawn.text if drawn else "",
    }  # fmt: skip


def facts(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The machine as pairs of a name and a text; unknown facts are omitted."""
    found = {
        "processor": environment.get("cpu", ""),
        "emulated by": environment.get("emulator", ""),
        "board": environment.get("board", ""),
        "cores": environment.get("cores", ""),
        "architecture": environment.get("architecture", ""),
        "virtual machine": "yes" if environment.get("virtual") else "",
        "instruction sets": ", ".join(environment.get("instruction_sets", [])),
        "GPU": ", ".join(map(str, environment.get("cuda", []))),
        "memory": columns.size(environment.get("memory_bytes")),
        "system": environment.get("system", ""),
        "Python": environment.get("python", ""),
        "governor": environment.get("governor", ""),
        "temperature at start": _or_empty(environment.get("temperature_c"), ".0f", " °C"),
        "load at start": _or_empty(environment.get("load_average"), ".2f", ""),
        "threads": ", ".join(f"{n} on {target}" for target, n in environment.get("target_threads", {}).items()),
        "packages": ", ".join(f"{k} {v}" for k, v in environment.get("packages", {}).items()),
    }
    return [(what, str(how)) for what, how in found.items() if how not in ("", None)]


def _or_empty(value: float | None, form: str, unit: str) -> str:
    return "" if value is None else f"{value:{form}}{unit}"
