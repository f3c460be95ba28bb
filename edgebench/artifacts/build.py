"""Builds artifacts in separate processes, and checks each in another one before its manifest is written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from edgebench.artifacts.manifests import MANIFEST
from edgebench.core import artifact_files, registry
from edgebench.core.contracts import Artifact, Calibration, Job, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.files import require_space, safe_name, sync, write_text
from edgebench.core.inputs import StoredInput
from edgebench.core.serialization import outcome_from, to_dict, to_json
from edgebench.isolation import forking
from edgebench.isolation.jobs import predict_batch, run_job
from edgebench.isolation.process import ChildError, ask, waiting

BUILDER = "edgebench.artifacts.builder"
CHECK_RECORDS = 16
FP32_TOLERANCE = 1e-4
"""Largest difference between a logit of an fp32 export and the network's own, as a share of the largest logit (or of 1,
where all are smaller); beyond it the export has failed."""
BUILDER_BYTES, BYTES_OF_PARAMETER = 3 * 2**30, 100
"""Memory to have free for each of two builders: one of the shipped networks takes a third of it, and copies of a large
network's weights (float32, its quantized forms, graphs of several libraries) take the rest."""


@dataclass(frozen=True)
class BuildRequest:
    """The request to the builder process."""

    model: str
    variant: str
    exporters: tuple[str, ...]
    folder: str
    """Artifacts go to `folder`/EXPORTER/."""
    calibration: Calibration | None
    """None where no exporter calibrates."""
    calibration_input: StoredInput | None
    check_input: StoredInput
    check_records: int
    check_output: str
    """The file for the network's own logits on the check records."""
    floats: Mapping[str, str] = field(default_factory=dict)
    """Modules that an int8 exporter leaves in float, each with the reason."""
    calibration_further: tuple[StoredInput, ...] = ()
    """The inputs of the calibration records after the first; a network takes those that it names."""
    check_further: tuple[StoredInput, ...] = ()


@dataclass(frozen=True)
class Build:
    """The artifacts to build from one model, with the inputs of the build."""

    model: str
    """A shipped model's name, or the path of a manifest."""
    variant: str
    exporters: tuple[str, ...]
    folder: Path
    """Artifacts go to `folder`/EXPORTER/."""
    calibration: RecordSet | None
    check: RecordSet
    timeout_s: float
    floats: Mapping[str, str] = field(default_factory=dict)
    """Modules that int8 leaves in float, each with the reason."""
    place: Callable[[Artifact], Path | None] = lambda _: None
    """The file for an artifact's predictions of all check records; without one the check predicts a few of them."""
    max_seconds: float | None = None
    """Seconds for these predictions, at most; a check that has no time for all of them takes a few."""
    predicted: Callable[[Artifact, Outcome[Any]], None] = lambda *_: None
    """Called with an artifact whose predictions are there, and their outcome."""


def build(
    asked: Build, done: Callable[[str, Outcome[Artifact]], None], begun: Callable[[str], None] = lambda _: None
) -> None:
    """Build artifacts; call `begun` and `done` with each exporter, in any order.

    An exporter that crashes or hangs fails alone: another process builds the others. An artifact is done when a fresh
    process has loaded it and its logits were compared with the network's own. Two processes build side by side where
    that saves time and there is memory for it. `done` is called in this thread. Raises DiskFull.
    """
    asked.folder.mkdir(parents=True, exist_ok=True)
    ended: SimpleQueue[tuple[str, Outcome[Artifact]] | BaseException] = SimpleQueue()
    groups = _side_by_side(asked)
    files = [asked.folder / f"check{number or ''}.npy" for number in range(len(groups))]
    with waiting(2 * len(groups)) as pool:

        def answer(name: str, outcome: Callable[[], Outcome[Artifact]]) -> None:
            try:
                ended.put((name, outcome()))
            except BaseException as error:
                ended.put(error)

        def make(exporters: tuple[str, ...], logits: Path) -> None:
            try:
                for name, outcome in _outcomes(asked, exporters, logits, begun):
                    if outcome.status == "ok":
                        pool.submit(answer, name, partial(_check, asked, outcome.value, logits))
                    else:
                        ended.put((name, outcome))
            except BaseException as error:
                ended.put(error)

        for exporters, logits in zip(groups, files, strict=True):
            pool.submit(make, exporters, logits)
        for _ in asked.exporters:
            found = ended.get()
            if isinstance(found, BaseException):
                raise found
            done(*found)
    for logits in files:
        logits.unlink(missing_ok=True)


def _side_by_side(asked: Build) -> list[tuple[str, ...]]:
    """The exporters of each builder.

    Those that start from the ONNX graph share one, and so do the others. One builder does all where it would have
    little to gain (a process imports torch and loads the network), on one core, or with little memory.
    """
    from edgebench.models import store  # the build side's

    def packages(name: str) -> tuple[str, ...]:
        try:
            return registry.exporter(name).packages
        except Exception:  # of a plug-in that cannot be loaded: the builder says why
            return ()

    graph = tuple(name for name in asked.exporters if "onnx" in packages(name))
    others = tuple(name for name in asked.exporters if name not in graph)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if min(len(graph), len(others), cores) < 2:
        return [asked.exporters]
    needed = BUILDER_BYTES + BYTES_OF_PARAMETER * store.described(asked.model).parameters
    return [graph, others] if psutil.virtual_memory().available >= 2 * needed else [asked.exporters]


def _outcomes(
    asked: Build, exporters: tuple[str, ...], logits: Path, begun: Callable[[str], None]
) -> Iterator[tuple[str, Outcome[Artifact]]]:
    left = list(exporters)
    while left:
        begun(left[0])
        try:
            request = to_dict(_request(asked, left, logits))
            for answer in ask(BUILDER, request, asked.timeout_s, server=forking.current()):
                left.remove(answer["exporter"])
                if left:
                    begun(left[0])
                yield answer["exporter"], outcome_from(Artifact, answer["outcome"])
            for name in left:
                yield name, Outcome("failed", "export: the process ended without an answer")
            return
        except ChildError as failure:
            require_space(asked.folder)
            if not left:
                return  # it had answered for all of them, and crashed at its exit
            yield left.pop(0), Outcome("timeout" if failure.timeout else "failed", f"export: {failure}")


def _request(asked: Build, exporters: list[str], logits: Path) -> BuildRequest:
    calibration = asked.calibration
    return BuildRequest(
        asked.model, asked.variant, tuple(exporters), str(asked.folder),
        _describe(calibration) if calibration else None, calibration.input if calibration else None,
        asked.check.input, CHECK_RECORDS, str(logits), dict(asked.floats),
        calibration.inputs[1:] if calibration else (), asked.check.inputs[1:],
    )  # fmt: skip


def _check(asked: Build, artifact: Artifact, logits: Path) -> Outcome[Artifact]:
    """Load the artifact in a fresh process, compare, and write the manifest; returns the outcome with the error."""
    folder = asked.folder / safe_name(artifact.exporter)
    kept = asked.place(artifact)
    output = kept or folder / "check.npy"
    job = Job(
        "predict", artifact, str(folder / artifact.file), "cpu", 1, artifact.engine, asked.check.input,
        str(output), records=None if kept else CHECK_RECORDS,
        batch=predict_batch(artifact) if kept else CHECK_RECORDS, further=asked.check.further(artifact.further),
        max_seconds=asked.max_seconds if kept else None,
    )  # fmt: skip
    answer = run_job(job, asked.timeout_s)
    if kept and answer.status == "skipped":
        asked.predicted(artifact, answer)
        kept, output = None, folder / "check.npy"
        job = replace(job, output=str(output), records=CHECK_RECORDS, batch=CHECK_RECORDS, max_seconds=None)
        answer = run_job(job, asked.timeout_s)
    if answer.status == "unsupported":
        artifact = replace(artifact, notes=(*artifact.notes, f"not checked here: {answer.reason}"))
    elif answer.status != "ok":
        return Outcome(answer.status, f"check in a fresh process: {answer.reason}")
    else:
        own, exported = np.load(logits), np.load(output)
        exported = exported[: len(own)]
        if not kept:
            output.unlink()
        if not np.isfinite(own).all():
            return Outcome("failed", "the network's own logits are not finite: it returns NaN or infinity")
        error = float(np.abs(exported - own).max())
        if not agrees(own, exported, artifact.precision):
            return Outcome("failed", f"its logits differ from the model's by {error:g}, of {np.abs(own).max():g}")
        if kept:
            asked.predicted(artifact, answer)
        artifact = replace(artifact, max_abs_error=error, check_records=min(CHECK_RECORDS, len(asked.check)))
    for file in artifact_files.of(artifact, folder / artifact.file):
        sync(file)  # the manifest and the journal must not name a file that a power cut then takes
    write_text(folder / MANIFEST, to_json(artifact, indent=2) + "\n")
    return Outcome("ok", result=artifact)


def agrees(own: NDArray[np.float32], exported: NDArray[np.float32], precision: str) -> bool:
    """Whether logits, (records, classes), are finite, and in fp32 those of the network itself.

    float32 holds about seven digits at any scale, so the difference is compared with the largest logit.
    """
    error = float(np.abs(exported - own).max())
    bound = FP32_TOLERANCE * max(1.0, float(np.abs(own).max()))
    return bool(np.isfinite(error)) and (precision != "fp32" or error <= bound)


def _describe(records: RecordSet) -> Calibration:
    """The calibration records as the manifest names them; the hash identifies them by their numbers."""
    ids = np.asarray(records.ids, dtype="<i8") if records.ids.dtype.kind in "iu" else records.ids
    digest = hashlib.sha256(ids.tobytes()).hexdigest()
    return Calibration(records.label, "training folds", len(records), digest)
