"""The reader of the files in a run's folder: of this machine's runs, of a device's results, and for every report.

What a file holds is bounded in size and checked against its schema before it is used, since a folder may be damaged, or
come from another machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import arrays, json_file
from edgebench.core.contracts import Artifact, Outcome, Status
from edgebench.core.errors import RunError
from edgebench.core.files import read_lines
from edgebench.core.job_keys import JobKey
from edgebench.core.job_results import Predicted, TimedProcess
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import all_readable
from edgebench.core.validation import build, validated
from edgebench.data import earlier_input
from edgebench.pipeline import stored_schema
from edgebench.tasks import earlier

MOST_BYTES = 256 * 2**20
"""The largest file of JSON: thousands of times what a run of 500 cells has."""
JOURNAL, MEASUREMENTS = "journal.jsonl", "measurements.jsonl"


@dataclass(frozen=True)
class JournalLine:
    """One line of the journal: a job, and how it ended."""

    job: str
    status: Status
    reason: str = ""
    result: dict[str, Any] | None = None
    values: dict[str, Any] | None = None
    """What earlier versions called the result."""


def json_object(folder: Path, name: str) -> dict[str, Any]:
    """The object in a file; raises RunError."""
    path = folder / name
    if not folder.is_dir():
        what = "a file, not a run's folder" if folder.exists() else "no such folder"
        raise RunError(f"{folder}: {what}; name one that edgebench run wrote")
    if not path.is_file():
        raise RunError(f"{folder}: not a run's folder (no {name}); name one that edgebench run wrote")
    _require_small(path)
    try:
        data = json_file.of_any_text(path.read_text(encoding="utf-8"))
    except ValueError:  # of the encoding, or of the JSON
        raise RunError(f"{path}: not JSON; the folder is damaged") from None
    if not isinstance(data, dict):
        raise RunError(f"{path}: not of a run; the folder is damaged, or another program's")
    return data


def environment(folder: Path) -> dict[str, Any]:
    """The machine that environment.json of a folder describes, with texts as they may be shown; raises RunError."""
    found = json_object(folder, "environment.json")
    stored_schema.check_environment(found, f"{folder}/environment.json")
    readable: dict[str, Any] = all_readable(found)
    return readable


def measurements(folder: Path) -> list[Measurement]:
    """The rows of a run; raises RunError for the first line that is none."""
    return [read() for read in _rows(folder)]


def sound_measurements(folder: Path) -> tuple[list[Measurement], str]:
    """The rows of a run that can be read, and why the first other one cannot; empty where there is none."""
    found, problem = [], ""
    for read in _rows(folder):
        try:
            found.append(read())
        except RunError as error:
            problem = problem or str(error)
    return found, problem


def journal(folder: Path) -> Iterator[tuple[JobKey, Outcome[Any]]]:
    """The jobs that ended, in their order; raises RunError for a line that is none."""
    path = folder / JOURNAL
    for number, line in enumerate(_lines(path), 1):
        try:
            yield _journal_line(line)
        except ValueError:
            raise RunError(f"{path}:{number}: not a journal's line; the folder is damaged") from None


def output_of(folder: Path, key: JobKey) -> Path:
    """The file that a job writes into a run's folder."""
    if key.stage == "predict":
        return folder / "predictions" / f"{key.stem}.npy"
    if key.stage == "profile":
        return folder / "profiles" / f"{key.stem}.json"
    return folder / "samples" / f"{key.stem}.npy"


def samples(path: Path) -> NDArray[np.float64]:
    """Latencies of one process in seconds; raises OSError or ValueError where the file has none."""
    found = np.asarray(arrays.load(path, "f", (None,)), np.float64)
    if not found.size or not bool(np.all(np.isfinite(found) & (found > 0))):
        raise ValueError("not latencies")
    return found


def is_whole(folder: Path, key: JobKey, outcome: Outcome[Any]) -> bool:
    """Whether the array of a finished job exists; if a power cut lost it, the job runs again."""
    path = output_of(folder, key)
    try:
        if key.result is TimedProcess:
            samples(path)
        elif key.result is Predicted:
            return bool(len(arrays.load(path, "f", (None, None))) == outcome.value.records)
    except (OSError, ValueError):
        return False
    return True


def _journal_line(text: str) -> tuple[JobKey, Outcome[Any]]:
    line = build(JournalLine, json_file.of_any_text(text))
    job = JobKey.parse(line.job)
    result = line.values if line.result is None else line.result
    if line.status != "ok":
        return job, Outcome(line.status, line.reason)
    if job.result is Artifact:
        result = earlier_input.described(result)
    return job, Outcome("ok", line.reason, build(job.result, result))


def _rows(folder: Path) -> Iterator[Any]:
    """A function for each line, which gives its row or raises RunError."""
    path = folder / MEASUREMENTS
    for number, line in enumerate(_lines(path), 1):
        yield lambda number=number, line=line: _measurement(f"{path}:{number}", line)


def _measurement(where: str, line: str) -> Measurement:
    try:
        data = json_file.of_any_text(line)
    except ValueError:
        raise RunError(f"{where}: not JSON") from None
    return row(data, where)


def row(data: Any, where: str) -> Measurement:
    """The measurement that a row of JSON holds; raises RunError."""
    found = validated(Measurement, earlier.nested(stored_schema.row(data, where)), where, RunError)
    stored_schema.check_measurement(found, where)
    return found


def _lines(path: Path) -> list[str]:
    _require_small(path)
    return read_lines(path)


def _require_small(path: Path) -> None:
    """Raise RunError for what is no file of a run, such as a device or a pipe, and for one that is too large."""
    if path.exists() and not path.is_file():
        raise RunError(f"{path}: not a file; the folder is damaged, or another program's")
    if path.exists() and path.stat().st_size > MOST_BYTES:
        raise RunError(f"{path}: larger than any run's; the folder is damaged, or another program's")
