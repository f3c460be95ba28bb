"""A target that is emulated: what cannot be installed there, and how to measure on the device itself."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgebench.core import formats
from edgebench.core.errors import RunError
from edgebench.core.files import safe_name
from edgebench.core.measurements import Measurement, Run
from edgebench.pipeline import run_store


def blocked(cells: Sequence[Measurement], run: Run) -> dict[str, str]:
    """By cell, why the target cannot install its runtime; a runtime that ran on the device itself is there."""
    known: dict[tuple[Path, str], str] = {}
    found = {}
    for m in cells:
        if m.emulated:
            place = run.part_of(m).folder, m.cell.target
            known[place] = known[place] if place in known else _architecture(*place)
            found[m.cell.id] = impossible(m.format, known[place])
    return {cell: why for cell, why in found.items() if why}


def text(blocked: Mapping[str, str], target: str) -> list[str]:
    """A sentence for each reason why cells were left out."""
    whys = list(blocked.values())
    return [f"{whys.count(why)} of the cells cannot run on {target}: {why}." for why in dict.fromkeys(whys)]


def measure_there(run: Run, target: str, whole: bool = False) -> tuple[str, ...]:
    """The commands that measure on the device: on this machine, then on the device.

    `whole` shows the whole path of the run's folder instead of its name; without it a report is the same everywhere.
    """
    part = next((run.part_of(m) for m in run.measurements if m.cell.target == target), run)
    named = [name for name in part.plan.get("targets", ()) if name.endswith(".toml") and Path(name).stem == target]
    bundle = f"{safe_name(target)}.bundle"
    folder = str(part.folder) if whole else part.name
    return (
        shlex.join(["edgebench", "bundle", folder, "--target", *(named[:1] or [target]), "-o", bundle]),
        shlex.join(["edgebench", "measure", bundle]),
    )


def impossible(form: str, machine: str) -> str:
    """Why no machine of an architecture runs a format; empty where one does, or nobody knows."""
    return formats.unsupported(form, "cpu", "", machine) if machine else ""


def _architecture(folder: Path, target: str) -> str:
    """That of a target of the run in a folder; empty where the run does not say."""
    try:
        return str(run_store.stored_inputs(folder)["targets"][target]["architecture"])
    except (OSError, RunError, KeyError, TypeError):
        return ""
