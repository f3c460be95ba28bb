"""The cells of one device that is reached over SSH: packed, measured there, and copied into the run's folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgebench.core.contracts import RecordSet
from edgebench.core.errors import RemoteError
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.measuring.accuracy import Reference
from edgebench.pipeline import run_store
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import Planned
from edgebench.remote import session
from edgebench.remote.bundles.writing import Contents, ReferenceLogits

SHARED = ("samples", "profiles")
"""Folders of a run whose files are named by cell and target: the device's files lie beside this machine's."""


def measured(
    cells: list[Planned], plan: Plan, records: RecordSet,
    references: Mapping[tuple[str, str], Reference], run: Path, reporter: ProgressReporter,
) -> tuple[dict[str, Measurement], str]:  # fmt: skip
    """The rows of these cells, all of one target, by id, and the reason for missing ones; raises DiskFull."""
    target = cells[0].target
    contents = Contents(
        tuple((p.artifact, p.built.path) for p in cells if p.built.path), (target,), records,
        tuple(ReferenceLogits(*key, known.thresholds, known.logits) for key, known in references.items()),
        plan.measure.measuring, plan.measure.threads, plan.measure.seed,
    )  # fmt: skip
    try:
        fetched = session.measure(target, contents, run, reporter)
    except RemoteError as error:
        return {}, str(error)
    for name in SHARED:
        if (fetched.folder / name).is_dir():
            shutil.copytree(fetched.folder / name, run / name, dirs_exist_ok=True)
    rows = (_with_pip_error(row, fetched.failed) for row in run_store.read(fetched.folder).measurements)
    known = {p.cell.id for p in cells}
    found = {r.cell.id: replace(r, run=run.resolve().name) for r in rows if r.cell.id in known}
    return found, f"{target.ssh}: the device returned no row for it"


def _with_pip_error(row: Measurement, failed: Mapping[str, str]) -> Measurement:
    """The row, with pip's message if its runtime could not be installed."""
    if row.status != "unsupported" or row.format not in failed:
        return row
    return replace(row, status="failed", reason=f"{row.reason}; pip failed there: {failed[row.format]}")
