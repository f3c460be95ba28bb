"""Baselines: the file that later runs are compared with."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgebench.core import json_file
from edgebench.core.errors import RunError
from edgebench.core.files import write_text
from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import all_readable, to_dict
from edgebench.core.settings import QUICK
from edgebench.pipeline import run_files, run_store


def write_baseline(run: Run, path: Path) -> None:
    """Write the file that later runs are compared with; raises RunError where no cell was measured, and DiskFull."""
    if not any(map(is_ok, run.measurements)):
        raise RunError(f"{run.name}: no cell was measured, so it cannot be a baseline")
    if (run.plan.get("measuring") or {}).get("preset") == QUICK:
        raise RunError(f"{run.name}: was quick, so it cannot be a baseline; measure without --quick")
    rows = [to_dict(_with_medians(m, run)) for m in run.measurements]
    document = {"run": run.name, "environment": dict(run.environment), "measurements": rows}
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def baseline(path: Path) -> Run:
    """Read a run's folder or a file of `write_baseline`; raises RunError."""
    if path.is_dir():
        return run_store.read(path)
    try:
        if (not path.is_file() and path.exists()) or path.stat().st_size > run_files.MOST_BYTES:
            raise ValueError("a pipe, or larger than any baseline")
        data = all_readable(json_file.of_any_text(path.read_bytes()))  # it may come from another machine
        rows = tuple(run_files.row(row, f"{path}, measurement {n}") for n, row in enumerate(data["measurements"], 1))
        return Run(str(data["run"]), path, {}, dict(data["environment"]), rows)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{path}: not a baseline; write one: edgebench gate RUN --write-baseline {path}") from None


def medians(m: Measurement, run: Run) -> tuple[float, ...]:
    """The median of each process; from the samples for runs of earlier versions. Empty where emulated."""
    if m.emulated or m.latency is None:
        return ()
    files = (run_store.output_of(run.folder, JobKey.of_cell("latency", m.cell, n)) for n in itertools.count())
    there = itertools.takewhile(Path.is_file, files)
    try:
        return m.latency.process_medians_s or tuple(float(np.median(run_files.samples(path))) for path in there)
    except (OSError, ValueError):
        return ()


def _with_medians(m: Measurement, run: Run) -> Measurement:
    return replace(m, latency=m.latency and replace(m.latency, process_medians_s=medians(m, run)))


def is_ok(m: Measurement) -> bool:
    """Whether a cell was measured."""
    return m.status == "ok"
