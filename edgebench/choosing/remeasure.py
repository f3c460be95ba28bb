"""Measure doubtful cells of a gate again, in turns with the baseline's artifacts where those are at hand.

Cells of one run take turns, process by process, so what disturbs the machine disturbs both sides alike, and their
processes are compared in pairs. That is the only fair comparison on a machine that others use.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgebench.artifacts.manifests import MANIFEST
from edgebench.choosing import comparison, gate, shipping
from edgebench.choosing.baselines import medians
from edgebench.choosing.comparison import Compared
from edgebench.choosing.gate import Finding
from edgebench.core.cells import Cell
from edgebench.core.files import safe
from edgebench.core.measurements import Measurement, Run
from edgebench.core.scratch import scratch_folder
from edgebench.core.settings import Bounds
from edgebench.measuring.latency_statistics import paired_ratio, ratio
from edgebench.pipeline import harness, read_plan

RECORDS = 8
"""Records that are predicted: scores are not compared again."""
KEPT = ("dataset", "data_dir", "dataset_options", "threads", "seed", "measuring")
"""Fields of the new run's plan that the measurement has too."""
WAS = "baseline-of-"
"""Before the model's name of a baseline's artifact, so that both have a cell of their own."""


def again(
    pairs: Sequence[Compared], findings: Sequence[Finding], new: Run, old: Run, bounds: Bounds, times: int
) -> tuple[list[Compared], list[Finding]]:
    """Measure the undecided cells again, at most so many times; returns both as they are now.

    A cell without its artifact keeps its finding. Raises EdgeBenchError where the records cannot be read again.
    """
    now, found = list(pairs), list(findings)
    for _ in range(times):
        doubted = {f.cell for f in found if f.kind == "undecided"}
        fresh = _measured([pair for pair in now if pair.new.cell in doubted and _folder(pair.new, new)], new, old)
        if not fresh:
            break
        done = {pair.new.cell: pair for pair, _ in fresh}
        now = [done.get(pair.new.cell, pair) for pair in now]
        found = [f for f in found if f.metric != "latency" or f.cell not in done]
        found += [finding for pair, in_turns in fresh for finding in gate.timing(pair, bounds, in_turns)]
    return now, found


def _measured(pairs: Sequence[Compared], new: Run, old: Run) -> list[tuple[Compared, bool]]:
    """The pairs with fresh times, each with whether both sides were measured in turns."""
    if not pairs:
        return []
    # With other packages the baseline's artifacts would be as slow as the new ones, whatever they were.
    alike = new.environment.get("packages") == old.environment.get("packages")
    with scratch_folder() as scratch:
        artifacts: list[Path] = []
        for number, pair in enumerate(pairs):
            if folder := _folder(pair.new, new):
                artifacts.append(_copy(folder, scratch / f"new-{number}", ""))
                if alike and (was := _folder(pair.old, old)):
                    artifacts.append(_copy(was, scratch / f"old-{number}", WAS))
        plan = {name: new.plan[name] for name in KEPT if new.plan.get(name) is not None}
        asked: dict[str, Any] = {**plan, "artifacts": artifacts, "limit": RECORDS, "targets": _targets(pairs, new)}
        run = harness.run(read_plan.load(None, asked), scratch / "run")
        rows = {m.cell: m for m in run.measurements if m.status == "ok"}
        found = [_fresh(pair, rows, run, old) for pair in pairs]
    return [one for one in found if one is not None]


def _fresh(pair: Compared, rows: dict[Cell, Measurement], run: Run, old: Run) -> tuple[Compared, bool] | None:
    now = rows.get(pair.new.cell)
    was = rows.get(replace(pair.new.cell, model=f"{WAS}{pair.new.cell.model}"))
    times = medians(now, run) if now else ()
    before = medians(was, run) if was else medians(pair.old, old)
    if now is None or min(len(times), len(before)) < 2:
        return None
    fresh, other = replace(pair.new, latency=now.latency), was or pair.old
    both = min(len(times), len(before))
    found = paired_ratio(times[:both], before[:both]) if was else ratio(times, before)
    base = replace(pair.old, latency=other.latency)
    return replace(pair, new=fresh, old=base, latency=found, fastest=comparison.fastest(fresh, base)), was is not None


def _folder(m: Measurement, run: Run) -> Path | None:
    """The folder of a cell's artifact with its manifest; None where it is not at hand."""
    path = shipping.locate(m, run).path if run.folder.is_dir() else None
    return path.parent if path and (path.parent / MANIFEST).is_file() else None


def _copy(folder: Path, to: Path, prefix: str) -> Path:
    """A copy of an artifact's folder; its model has the prefix before its name. Returns the manifest."""
    shutil.copytree(folder, to)
    manifest = to / MANIFEST
    data = json.loads(manifest.read_text(encoding="utf-8"))
    data["model"] = f"{prefix}{safe(data['model'])}" if prefix else data["model"]
    manifest.write_text(json.dumps(data), encoding="utf-8")
    return manifest


def _targets(pairs: Sequence[Compared], run: Run) -> list[str]:
    """The targets of these cells as the plan names them."""
    wanted = {pair.new.cell.target for pair in pairs}
    return [name for name in run.plan.get("targets", ()) if name in wanted or Path(name).stem in wanted]
