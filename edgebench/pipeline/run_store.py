"""A run's folder: every result is written at once, so that a crash costs one job.

plan.json            the plan, and the hashes that a resume compares
environment.json     the machine and its software
models/              models imported from the user's Python file
artifacts/           the built artifacts, each with its manifest
journal.jsonl        a line as soon as a job ends
devices/             the results of remote devices, by target: the run's folder as fetched from the device
samples/             raw latencies in seconds, one .npy file a process
predictions/         logits over the test records
measurements.jsonl   a line as soon as a cell ends
report.csv, report.md
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.cells import Target
from edgebench.core.contracts import Outcome
from edgebench.core.errors import RunError
from edgebench.core.files import PART, append_line, disk_full_at, remove_unfinished, sync, write_text
from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import from_dict, to_dict, to_json
from edgebench.isolation import interrupts
from edgebench.pipeline import killed_jobs, run_files, stored_schema
from edgebench.pipeline.run_files import output_of as output_of

FOLDERS = ("artifacts", "samples", "predictions")


@dataclass
class RunStore:
    """An open run."""

    folder: Path
    plan: dict[str, Any]
    inputs: dict[str, Any]
    """Hashes of the run's inputs: models, records, machine."""
    environment: dict[str, Any]
    outcomes: dict[JobKey, Outcome[Any]] = field(default_factory=dict)
    """The outcomes in the journal."""
    measurements: dict[str, Measurement] = field(default_factory=dict)
    """The cells that have ended, by their id."""
    again: int = 0
    """Jobs that a resume does again, since their processes had been killed."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def output(self, key: JobKey) -> Path:
        """The file that a job writes."""
        return output_of(self.folder, key)

    def record(self, job: JobKey, outcome: Outcome[Any]) -> None:
        """Store the outcome of a job; raises DiskFull, and KeyboardInterrupt for one that failed after Ctrl-C."""
        _refuse_interrupted(outcome.status)
        line = json.dumps({"job": str(job), **to_dict(outcome)}, ensure_ascii=False)
        with self._lock:  # builds and their checks end in threads of their own
            append_line(self.folder / "journal.jsonl", line)
            self.outcomes[job] = outcome

    def finish(self, measurement: Measurement) -> None:
        """Store a cell's measurement; raises DiskFull, and KeyboardInterrupt for one that failed after Ctrl-C."""
        _refuse_interrupted(measurement.status)
        append_line(self.folder / "measurements.jsonl", to_json(measurement))
        self.measurements[measurement.cell.id] = measurement


def _refuse_interrupted(status: str) -> None:
    if status != "ok":
        interrupts.check()


def require_free(folder: Path, beside: Collection[str] = ()) -> None:
    """Raise RunError where a new run cannot go into the folder, since something else than `beside` is there."""
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: a file, not a folder; give another --output")
    if folder.exists() and not _never_began(folder, beside):
        further = f", or go on with it: --resume {folder}" if (folder / "plan.json").is_file() else ""
        raise RunError(f"{folder}: already there; give another --output{further}")


def _never_began(folder: Path, beside: Collection[str]) -> bool:
    """Whether nothing is there but what a process leaves that is killed while it starts a run."""
    left = {p.name for p in folder.iterdir() if PART not in p.name and p.name not in beside}
    if "environment.json" in left and {".lock", *FOLDERS} <= left:  # else it is somebody else's
        left.remove("environment.json")
    empty = {name for name in FOLDERS if (folder / name).is_dir() and not any((folder / name).iterdir())}
    return left <= {".lock", *empty}


def create(
    folder: Path,
    plan: dict[str, Any],
    inputs: dict[str, Any],
    environment: dict[str, Any],
    beside: Collection[str] = (),
) -> RunStore:
    """Start a run in a new or empty folder, which may hold `beside`; raises RunError, DiskFull."""
    require_free(folder, beside)
    try:
        with disk_full_at(folder / "plan.json"):
            for name in FOLDERS:
                (folder / name).mkdir(parents=True, exist_ok=True)
            sync(folder.parent)
            remove_unfinished(folder)
        write_text(folder / "environment.json", json.dumps(environment, indent=2) + "\n")
        # Last, since its presence says that the folder is a run.
        write_text(folder / "plan.json", json.dumps({"plan": plan, "inputs": inputs}, indent=2) + "\n")
    except BaseException as error:  # without it the same command has to find the folder as it was
        for name in FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "environment.json").unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RunError(f"{folder}: cannot be written ({error.strerror})") from None
        raise
    return RunStore(folder, plan, inputs, environment)


def stored_plan(folder: Path) -> dict[str, Any]:
    """The plan of an earlier run; raises RunError."""
    plan = _object(folder, "plan")
    stored_schema.check_plan(plan, f"{folder}/plan.json")
    return plan


def stored_inputs(folder: Path) -> dict[str, Any]:
    """Hashes of an earlier run's inputs; raises RunError."""
    return _object(folder, "inputs")


def reopen(folder: Path, earlier: dict[str, Any], plan: dict[str, Any], inputs: dict[str, Any]) -> RunStore:
    """Go on with a run; raises RunError where the plan, a model, the records or the machine have changed.

    `earlier` is the stored plan, with the defaults of fields that it does not have.
    """
    made_from = _with_defaults(stored_inputs(folder))
    for what, before, now in (("plan", earlier, plan), ("inputs", made_from, inputs)):
        changed = sorted(k for k in before.keys() | now.keys() if before.get(k) != now.get(k))
        if changed:
            raise RunError(f"{folder}: the {what} changed since it began ({', '.join(changed)}); start a new run")
    remove_unfinished(folder)
    remote = [target["name"] for target in inputs.get("targets", {}).values() if target["ssh"]]
    again = killed_jobs.forget(folder, remote)
    store = RunStore(folder, plan, inputs, run_files.environment(folder), again=again)
    for job, outcome in run_files.journal(folder):
        if outcome.status != "ok" or run_files.is_whole(folder, job, outcome):
            store.outcomes[job] = outcome
    store.measurements = {m.cell.id: m for m in run_files.measurements(folder)}
    return store


def read(folder: Path) -> Run:
    """Read a finished or interrupted run; raises RunError."""
    plan, environment = stored_plan(folder), run_files.environment(folder)
    name = folder.resolve().name  # which may be another one now than when the run was made
    rows = tuple(replace(m, run=name) for m in run_files.measurements(folder))
    devices: dict[str, Mapping[str, Any]] = {}
    for path in sorted(folder.glob("devices/*/environment.json")):
        of_device = run_files.environment(path.parent)
        devices |= {m.host: of_device for m in run_files.measurements(path.parent)}
    return Run(name, folder, plan, environment, rows, devices)


def merged(runs: Sequence[Run]) -> Run:
    """Several runs as one, with the machine of each row beside it; raises RunError where a cell is there twice."""
    rows = [m for run in runs for m in run.measurements]
    if len({(m.run, m.host, m.cell.id) for m in rows}) < len(rows):
        raise RunError(
            "two of the runs have the same name and the same cells; rename the folder of one, or name it once"
        )
    targets = list(dict.fromkeys(t for run in runs for t in run.plan.get("targets", [])))
    plan = {**runs[0].plan, "targets": targets}
    name = " and ".join(r.name for r in runs)
    return Run(name, runs[0].folder, plan, runs[0].environment, tuple(rows), parts=tuple(runs))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a run's folder; a second process is refused. The system releases the lock when this process ends."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror})") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{folder}: another process uses this run; wait for it to end") from None
        yield
    finally:
        os.close(handle)
        if made and [p.name for p in folder.iterdir()] == [".lock"]:
            # The run never began: leave nothing behind that was not there before.
            (folder / ".lock").unlink()
            with contextlib.suppress(OSError):  # a folder that another process uses by now stays
                for path in made:
                    path.rmdir()


def _with_defaults(inputs: dict[str, Any]) -> dict[str, Any]:
    """The stored inputs, with the defaults of a target's fields that an earlier version did not have."""
    try:
        targets = {name: to_dict(from_dict(Target, dict(fields))) for name, fields in inputs["targets"].items()}
    except (KeyError, TypeError, AttributeError):
        return inputs  # of a version too far away: the comparison says what differs
    return inputs | {"targets": targets}


def latencies(run: Run, m: Measurement) -> list[NDArray[np.float64]]:
    """The raw samples of a cell in seconds, an array a process; those that are missing or damaged are left out."""
    found, folder = [], run.part_of(m).folder
    for number in itertools.count():
        path = output_of(folder, JobKey.of_cell("latency", m.cell, number))
        try:
            there = path.is_file()
        except OSError:  # the cell's name is longer than a file's may be here
            there = False
        if not there:
            break
        with contextlib.suppress(OSError, ValueError):
            found.append(run_files.samples(path))
    return found


def _object(folder: Path, part: str) -> dict[str, Any]:
    """A part of plan.json, which other programs have files of the name of, too; raises RunError."""
    found = run_files.json_object(folder, "plan.json").get(part)
    if not isinstance(found, dict):
        raise RunError(f"{folder}/plan.json: not of a run (no {part}); the folder is damaged, or another program's")
    return found
