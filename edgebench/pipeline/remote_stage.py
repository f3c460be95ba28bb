"""The cells of one device elsewhere, over SSH or of a fleet: packed, measured there, and copied into the run's folder.

What a device returns is data of these cells only: files with the names that this machine's own run would give them,
each checked as what it should be. Nothing of this machine's is replaced.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edgebench.core import arrays, json_file
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DiskFull, RemoteError, RunError
from edgebench.core.files import sync, write_text
from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import to_json
from edgebench.measuring.accuracy import Reference
from edgebench.pipeline import run_files, run_store
from edgebench.pipeline.machines import HERE, Machines
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import Planned
from edgebench.pipeline.schedule import passes
from edgebench.remote.bundles.writing import Contents, ReferenceLogits

SHARED = ("samples", "profiles")
"""Folders of a run whose files are named by cell and target: the device's files lie beside this machine's."""
MOST_PROCESSES = 100_000
"""Of a cell; `steady` starts as many as it needs."""


def measured(
    cells: list[Planned], plan: Plan, records: RecordSet,
    references: Mapping[tuple[str, str], Reference], run: Path, reporter: ProgressReporter, machines: Machines = HERE,
    part: str = "",
) -> tuple[dict[str, Measurement], str]:  # fmt: skip
    """The rows of these cells, all of one target, by id, and the reason for missing ones; raises DiskFull."""
    target = cells[0].target
    place = target.ssh or target.name
    contents = Contents(
        tuple((p.artifact, p.built.path) for p in cells if p.built.path), (target,), records,
        tuple(ReferenceLogits(*key, known.state, known.outputs) for key, known in references.items()),
        plan.measure.measuring, plan.measure.threads, plan.measure.seed, plan.measure.policy,
    )  # fmt: skip
    try:
        fetched = machines.measure(
            target, contents, run, reporter, functools.partial(wanted, cells, plan), part or target.name
        )
        rows, problem = accepted(cells, fetched.folder, run, fetched.where)
    except RemoteError as error:
        return {}, str(error)
    except DiskFull:
        raise
    except RunError as error:
        return {}, f"{place}: what it returned cannot be used: {error}"
    found = {m.cell.id: _with_pip_error(replace(m, run=run.resolve().name), fetched.failed) for m in rows}
    return found, f"{place}: {problem or 'the device returned no row for it'}"


def wanted(cells: Sequence[Planned], plan: Plan, folder: Path) -> list[str]:
    """The files of a device's run that belong to these cells, by its journal; raises RunError where that is damaged."""
    run_store.stored_plan(folder)
    run_files.environment(folder)
    own = _own_jobs(cells, plan)
    jobs = dict.fromkeys(job for job, outcome in run_files.journal(folder) if outcome.status == "ok")
    return [
        run_files.output_of(Path(), job).as_posix()
        for job in jobs
        if replace(job, number=None) in own and 0 <= (job.number or 0) < MOST_PROCESSES
    ]


def _own_jobs(cells: Sequence[Planned], plan: Plan) -> set[JobKey]:
    """The jobs of these cells that write a file, without the numbers of their processes."""
    timed = [p.name for p in passes(plan.measure.measuring, False) if p.kind == "latency"]
    return {p.prediction for p in cells} | {p.key(stage) for p in cells for stage in (*timed, "profile")}


def accepted(cells: Sequence[Planned], folder: Path, run: Path, where: str = "") -> tuple[list[Measurement], str]:
    """The rows of these cells in a device's folder, and what is wrong with another one; hosts get the name `where`.

    Other rows, and files that are not what their names say, are removed from the folder; the samples and profiles that
    stay are copied into the run.
    """
    known = {p.cell.id for p in cells}
    rows, problem = run_files.sound_measurements(folder)
    rows = list({m.cell.id: m for m in rows if m.cell.id in known}.values())
    rows = [replace(m, host=f"{where}: {m.host}") for m in rows] if where else rows
    write_text(folder / run_files.MEASUREMENTS, "".join(f"{to_json(m)}\n" for m in rows))
    for path in sorted(p for p in folder.glob("*/*") if not _is_sound(p)):
        path.unlink()
        problem = problem or f"{path.relative_to(folder)}: damaged"
    for path in sorted(p for name in SHARED for p in (folder / name).glob("*")):
        copy = run / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.unlink(missing_ok=True)
        os.link(path, copy)  # the file was synced when it was fetched
    for shared in (run / name for name in SHARED if (run / name).is_dir()):
        sync(shared)
    return rows, problem


def _is_sound(path: Path) -> bool:
    """Whether a fetched file is what a run has under its name."""
    try:
        if path.parent.name == "profiles":
            json_file.parsed(path.read_bytes())
        elif path.parent.name == "predictions":
            arrays.load(path, "f", (None, None))
        else:
            run_files.samples(path)
    except (OSError, ValueError):
        return False
    return True


def _with_pip_error(row: Measurement, failed: Mapping[str, str]) -> Measurement:
    """The row, with pip's message if its runtime could not be installed."""
    if row.status != "unsupported" or row.format not in failed:
        return row
    return replace(row, status="failed", reason=f"{row.reason}; pip failed there: {failed[row.format]}")
