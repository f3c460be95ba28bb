"""Artifacts on disk: read a manifest, and build new ones in a process of their own, each checked in another."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.artifacts import import_file
from edgebench.core import registry
from edgebench.core.contracts import Artifact, Job, Outcome, RecordSet
from edgebench.core.errors import ArtifactError, UnknownPlugin
from edgebench.core.files import require_space, safe_name, sha256, write_text
from edgebench.core.files import safe as safe
from edgebench.core.serialization import from_dict, to_dict, to_json, validated
from edgebench.core.settings import FineTuning
from edgebench.isolation import cgroup
from edgebench.isolation.cgroup import Group, NoCgroup
from edgebench.isolation.process import ChildError, ask, end_children

MANIFEST = "manifest.json"
WHAT_IS = "name a folder that edgebench export wrote, its manifest.json, or an .onnx or TorchScript file"
CHECK_RECORDS = 16
FP32_TOLERANCE = 1e-4
"""An fp32 export whose logits are further from the model's own than this has failed; of the largest logit, above 1."""

OUT_OF_MEMORY = re.compile(
    r"memory in use|MemoryError|bad_alloc|bad allocation|allocate memory|failed to allocate|(?<!\()out of memory"
    "|new thread|Resource temporarily unavailable",
    re.IGNORECASE,
)
"""What Python, the C++ library, torch and ONNX Runtime say where they get no memory.

`(out of memory, or ...` is but a guess at who sent SIGKILL."""


@dataclass(frozen=True)
class Built:
    """One artifact that was asked for: its record and path, or why there is none."""

    outcome: Outcome
    artifact: Artifact | None = None
    path: Path | None = None


def manifests(path: Path) -> list[Path]:
    """A folder of artifacts stands for all manifests below it; anything else for itself."""
    return (sorted(path.rglob(MANIFEST)) if path.is_dir() else []) or [path]


def read(manifest: Path, tuned: bool = False) -> Built:
    """Read an artifact by its manifest, by the folder that holds it, or a file from elsewhere with its card.

    `tuned` says that a file from elsewhere needs no thresholds yet. Raises ArtifactError.
    """
    beside = manifest.parent / MANIFEST
    if import_file.is_given(manifest) and beside.is_file() and not manifest.with_suffix(".toml").exists():
        manifest = beside  # a file that EdgeBench exported, named by itself
    if import_file.is_given(manifest):
        return Built(Outcome("ok"), import_file.describe(manifest, tuned), manifest)
    path = manifest / MANIFEST if manifest.is_dir() else manifest
    if not manifest.exists():
        raise ArtifactError(f"{manifest}: no such file or folder")
    if not path.is_file():
        raise ArtifactError(f"{manifest}: no {MANIFEST} there; export one: edgebench export --help")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # not JSON, or not even text
        raise ArtifactError(f"{path}: not an artifact; {WHAT_IS}") from None
    if isinstance(data, dict) and "architecture" in data and "weights" in data:
        raise ArtifactError(f"{path}: the manifest of a model, not of an artifact; export it: --model {path}")
    if not isinstance(data, dict) or not {"exporter", "sha256"} & set(data):
        raise ArtifactError(f"{path}: not the manifest of an artifact; {WHAT_IS}")
    artifact = validated(Artifact, data, str(path), ArtifactError)
    file = path.parent / artifact.file
    if file.parent != path.parent or not file.is_file():
        raise ArtifactError(f"{path}: its file '{artifact.file}' is not beside it")
    verify(artifact, file)
    return Built(Outcome("ok"), artifact, file)


def verify(artifact: Artifact, file: Path) -> None:
    """Raise ArtifactError where the file is not the one that the manifest describes."""
    if not file.is_file() or sha256(file) != artifact.sha256:
        raise ArtifactError(
            f"{file}: changed since it was exported (SHA-256 differs from its manifest); export it again"
        )


def compressed(
    model: str, variant: str, folder: Path, begun: str, source: Mapping[str, Any], tuning: FineTuning,
    timeout_s: float, heard: Callable[[str], None],
) -> Outcome:  # fmt: skip
    """Compress a model in a process of its own, into `folder`; the outcome's value `manifest` is the file's name.

    `begun` is the manifest of what the chain's beginning made of the model; empty for none.
    `source` says which records: `dataset`, `directory`, `calibration`, `skip_bad`, `seed`.

    `heard` is told how far a fine-tuning is. Raises DiskFull.
    """
    request = {
        "model": model, "variant": variant, "folder": str(folder), "base": begun, "tuning": asdict(tuning), **source
    }  # fmt: skip
    try:
        for answer in ask("edgebench.compress.process", request, timeout_s):
            if "manifest" in answer:
                return Outcome("ok", values={"manifest": Path(answer["manifest"]).name})
            if "unsupported" in answer:
                return Outcome("unsupported", answer["unsupported"])
            if "error" in answer:
                return Outcome("failed", f"compress: {answer['error']}")
            heard(answer["doing"])
    except ChildError as failure:
        require_space(folder.parent)
        return Outcome("timeout" if failure.timeout else "failed", f"compress: {failure}")
    return Outcome("failed", "compress: the process ended without an answer")


def build(
    model: str,
    variant: str,
    exporters: tuple[str, ...],
    folder: Path,
    calibration: RecordSet | None,
    check: RecordSet,
    timeout_s: float,
    done: Callable[[str, Outcome], None],
    floats: Mapping[str, str] | None = None,
    begun: Callable[[str], None] = lambda _: None,
) -> None:
    """Build artifacts into `folder`/EXPORTER/ and tell `begun` and `done` of each, in any order.

    An exporter that crashes or hangs fails alone: the others are built by another process. An artifact is done when a
    fresh process has loaded it and its logits were compared with the network's own. `floats` are modules that int8
    shall leave alone, each with the reason. Raises DiskFull.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logits = folder / "check.npy"
    checks: list[tuple[str, Future[Outcome]]] = []
    with ThreadPoolExecutor(1) as pool:
        try:
            for name, outcome in _outcomes(
                model, variant, exporters, folder, calibration, check, logits, timeout_s, floats or {}, begun
            ):
                if outcome.status == "ok":
                    checks.append(
                        (name, pool.submit(_check, outcome, folder / safe_name(name), check, logits, timeout_s))
                    )
                else:
                    done(name, outcome)
                while checks and checks[0][1].done():
                    _tell(*checks.pop(0), done)
            for name, future in checks:
                _tell(name, future, done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_children()
            raise
    logits.unlink(missing_ok=True)


def _tell(name: str, checked: Future[Outcome], done: Callable[[str, Outcome], None]) -> None:
    done(name, checked.result())


def _outcomes(
    model: str, variant: str, exporters: tuple[str, ...], folder: Path, calibration: RecordSet | None, check: RecordSet,
    logits: Path, timeout_s: float, floats: Mapping[str, str], begun: Callable[[str], None],
) -> Iterator[tuple[str, Outcome]]:  # fmt: skip
    left = list(exporters)
    while left:
        request = {
            "model": model, "variant": variant, "exporters": left, "folder": str(folder),
            "calibration": _describe(calibration) if calibration else None,
            "calibration_signals": str(calibration.signals) if calibration else "", "check_signals": str(check.signals),
            "check_records": CHECK_RECORDS, "check_output": str(logits),
            "floats": dict(floats),
        }  # fmt: skip
        begun(left[0])
        try:
            for answer in ask("edgebench.artifacts.builder", request, timeout_s):
                left.remove(answer["exporter"])
                if left:
                    begun(left[0])
                yield answer["exporter"], from_dict(Outcome, answer["outcome"])
            for name in left:
                yield name, Outcome("failed", "export: the process ended without an answer")
            return
        except ChildError as failure:
            require_space(folder)
            if not left:
                return  # it had answered for all of them, and broke down on its way out
            yield left.pop(0), Outcome("timeout" if failure.timeout else "failed", f"export: {failure}")


def _check(outcome: Outcome, folder: Path, check: RecordSet, logits: Path, timeout_s: float) -> Outcome:
    """Load the artifact in a fresh process, compare, and write the manifest; the outcome with what was found."""
    artifact = from_dict(Artifact, dict(outcome.values))
    output = folder / "check.npy"
    job = Job(
        "predict", artifact, str(folder / artifact.file), "cpu", 1, artifact.engine, str(check.signals), str(output),
        records=CHECK_RECORDS, batch=CHECK_RECORDS,
    )  # fmt: skip
    answer = perform(job, timeout_s)
    if answer.status == "unsupported":
        artifact = replace(artifact, notes=(*artifact.notes, f"not checked here: {answer.reason}"))
    elif answer.status != "ok":
        return Outcome(answer.status, f"check in a fresh process: {answer.reason}")
    else:
        own, exported = np.load(logits), np.load(output)
        output.unlink()
        if not np.isfinite(own).all():
            return Outcome("failed", "the network's own logits are not finite: it gives NaN or infinity")
        error = float(np.abs(exported - own).max())
        if not agrees(own, exported, artifact.precision):
            return Outcome("failed", f"its logits differ from the model's by {error:g}, of {np.abs(own).max():g}")
        artifact = replace(artifact, max_abs_error=error, check_records=min(CHECK_RECORDS, len(check)))
    write_text(folder / MANIFEST, to_json(artifact, indent=2) + "\n")
    return Outcome("ok", values=to_dict(artifact))


def agrees(own: NDArray[np.float32], exported: NDArray[np.float32], precision: str) -> bool:
    """Whether logits, (records, classes), are numbers, and in fp32 those of the network itself.

    float32 holds about seven digits whatever the scale, so that the difference is held against the largest logit.
    """
    error = float(np.abs(exported - own).max())
    bound = FP32_TOLERANCE * max(1.0, float(np.abs(own).max()))
    return bool(np.isfinite(error)) and (precision != "fp32" or error <= bound)


def perform(job: Job, timeout_s: float) -> Outcome:
    """Do a job in a fresh worker process; a crash is an outcome, and so is hearing nothing for `timeout_s`.

    A job with a limit of memory runs in a cgroup where one can be made, else with bounded address space; one that needs
    more is `unsupported`. Raises DiskFull.
    """
    with contextlib.suppress(UnknownPlugin):  # the worker says so
        job = replace(job, runtime=registry.place("runtimes", job.artifact.format))
    limit = job.memory_limit_bytes
    if limit is None:
        return _performed(job, timeout_s)
    with contextlib.ExitStack() as held:
        group = None
        with contextlib.suppress(NoCgroup):
            group = held.enter_context(cgroup.limited(limit))
        outcome = _performed(replace(job, in_cgroup=group is not None), timeout_s, group)
        if group is not None and outcome.status == "failed" and group.killed():
            outcome = replace(outcome, reason="out of memory: the kernel ended it at the limit of its cgroup")
    if outcome.status == "failed" and OUT_OF_MEMORY.search(outcome.reason):
        reason = f"does not fit into the target's {limit / 1e6:.0f} MB of memory: {outcome.reason}"
        return Outcome("unsupported", reason)
    return outcome


def _performed(job: Job, timeout_s: float, group: Group | None = None) -> Outcome:
    # Untimed workers run side by side; threads that wait in a busy loop would starve each other.
    calm = {} if job.kind in ("latency", "cold", "profile") else {"OMP_WAIT_POLICY": "PASSIVE"}
    if job.memory_limit_bytes is not None and group is None:
        calm["MALLOC_ARENA_MAX"] = "1"  # each arena reserves address space, which is what can be bounded
    prefix = group.prefix if group else ()
    try:
        answers = [a for a in ask("edgebench.measuring.worker", to_dict(job), timeout_s, calm, prefix) if "status" in a]
    except ChildError as failure:
        return Outcome("timeout" if failure.timeout else "failed", str(failure))
    return from_dict(Outcome, answers[0]) if answers else Outcome("failed", "the worker ended without an answer")


def _describe(records: RecordSet) -> dict[str, object]:
    """The calibration records as the manifest tells of them; the hash identifies them by their numbers."""
    digest = hashlib.sha256(np.asarray(records.ids, dtype="<i8").tobytes()).hexdigest()
    return {"dataset": records.label, "split": "training folds", "records": len(records), "ids_sha256": digest}
