"""What the page's templates show in words: the recommendation, what has no numbers, and the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgebench import explanation
from edgebench.choosing.recommendation import Recommendation
from edgebench.measurements import Measurement, Run
from edgebench.reports import columns, machines


def section(run: Run, machine: machines.Machine, number: int) -> dict[str, Any]:
    """The fields of one machine that the template `machine.html.j2` shows, as plain texts."""
    measured = machine.measured
    own = replace(run, measurements=tuple(measured))
    explained = [(m, text) for m in measured if (text := explanation.of(m, own))]
    scored = next((m for m in measured if m.records), None)
    return {
        "id": f"machine-{number}",
        "number": number,
        "name": machine.name or "a machine that is not known",
        "runs": machine.runs,
        "records": scored.records if scored else 0,
        "dataset": scored.dataset if scored else "",
        "synthetic": bool(scored and "synthetic" in scored.dataset.lower()),
        "cells": len(machine.rows),
        "measured": len(measured),
        "emulated": sorted({m.target for m in measured if m.emulated}),
        "advice": [_advice(a) for a in machines.recommended(run, machine)],
        "without": [(_name(m), m.target, m.status, m.reason) for m in machine.rows if m.status != "ok"],
        "explained": [(_name(m), m.target, text) for m, text in explained],
        "facts": facts(machine.environment),
        "measuring": {
            "processes": machine.measuring.get("processes"),
            "warmup": machine.measuring.get("warmup"),
            "samples": machine.measuring.get("min_samples"),
            "seconds": machine.measuring.get("min_seconds"),
        },
    }


def _name(m: Measurement) -> str:
    return f"{m.model} {columns.name(m)}"


def _advice(advice: Recommendation) -> dict[str, Any]:
    """A recommendation in words; nothing in it is markup."""
    chosen = advice.chosen
    figures = [] if chosen is None else [
        ("median latency", "" if chosen.emulated else columns.duration(chosen.latency_p50_s)),
        ("file size", columns.size(chosen.file_size_bytes)),
        ("peak memory", columns.size(chosen.peak_rss_bytes)),
        ("macro-F1", "" if chosen.macro_f1 is None else f"{chosen.macro_f1:.3f}"),
        ("Δ F1", columns.delta(chosen)),
    ]  # fmt: skip
    return {
        "target": advice.target,
        "name": _name(chosen) if chosen else "",
        "figures": [(what, value) for what, value in figures if value],
        "why": advice.why,
        "rivals": [(_name(m), text) for m, text in advice.rivals],
        "costs": list(advice.costs),
        "excluded": [(bound, count) for bound, count in advice.excluded.items() if count],
        "nearest": [(_name(m), text) for m, text in advice.nearest],
        "file": advice.file,
        "sha256": advice.sha256,
        "snippet": advice.snippet,
    }


def facts(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The machine in words, as pairs of what and how; what is not known is left out."""
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
