"""The artifact of a measurement: where its file is, its SHA-256, and code that loads it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebench.artifacts import import_file
from edgebench.artifacts.manifests import MANIFEST
from edgebench.choosing import snippets
from edgebench.core import artifact_files, formats, json_file
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError, EdgeBenchError, RunError
from edgebench.core.files import safe, safe_name
from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import readable
from edgebench.core.validation import validated
from edgebench.data import earlier_input
from edgebench.pipeline import run_store

MOST_BYTES = 2**20
"""The largest manifest or card that is read."""
Found = tuple[str, Path]
"""A path as the plan has it (empty for files of the run itself), and what it names here."""


@dataclass(frozen=True)
class Shipped:
    """What to copy and how to use it."""

    file: str
    """Where the file is relative to the run's folder, or that it is not here."""
    path: Path | None
    """The file itself; None where it is missing or is not the one that was measured."""
    sha256: str
    snippet: str
    """A program that loads the file, to be run beside it; empty where there is no manifest of the artifact."""


def locate(m: Measurement, run: Run) -> Shipped:
    """Find the file of a cell by the SHA-256 that was measured, and its manifest."""
    run = run.part_of(m)  # a merged run has no folder of its own
    measured = m.artifact.sha256 if m.artifact else ""
    named = [text for text in run.plan.get("artifacts", ()) if isinstance(text, str)]
    imported = [(text, place) for text in named for place in _places(text, run.folder)]
    artifact = next((a for a in _records(m, run, imported) if a.sha256 == measured), None)
    snippet = ""
    if artifact is not None:
        device, engine = _target(m, run)
        threads = int(run.environment_of(m).get("target_threads", {}).get(m.cell.target) or 0)
        snippet = snippets.of(artifact, device, engine, threads)
    own = run.folder / "artifacts" / safe(m.cell.model) / safe(m.cell.variant) / safe_name(m.cell.exporter)
    files = [("", own / artifact.file)] if artifact else []
    for text, place in imported:
        if import_file.is_imported(place) and (artifact is None or place.name == artifact.file):
            files.append((text, place))
        elif artifact and artifact == _read(_manifest(place)):
            files.append((text, _manifest(place).parent / artifact.file))
    there = [(text, file) for text, file in files if _exists(file)]
    for text, file in there:
        if _is_measured(file, m):
            return Shipped(_readable(_seen(file, text, run.folder)), file, measured, snippet)
    return Shipped(_readable(_missing(m, artifact, files, there, run)), None, measured, snippet)


def _missing(
    m: Measurement, artifact: Artifact | None, files: Sequence[Found], there: Sequence[Found], run: Run
) -> str:
    """Why there is no file to copy."""
    named = bool(run.plan.get("artifacts"))
    if artifact is None:
        nor = ", and no artifact that its plan names is here" if named else ""
        return f"not here: the run's folder has no manifest of {m.cell.name}{nor}; it is the file with this SHA-256"
    if there and not named:
        text, file = there[0]
        return f"{_seen(file, text, run.folder)} (changed since it was measured)"
    texts = dict.fromkeys(text for text, _ in (there or files) if text)
    if texts:
        why = "changed since it was measured" if there else "not here, seen from the run's folder up"
        return f"{', '.join(texts)} ({why})"
    return f"{_seen(files[0][1], '', run.folder)} (not here: the run's folder does not hold it any more)"


def _readable(text: str) -> str:
    """A text that any terminal and file takes; a name may hold characters that no encoding has."""
    return readable(text).encode(errors="replace").decode()


def _seen(file: Path, text: str, folder: Path) -> str:
    """The path of a file relative to the run's folder; absolute where the plan has an absolute path."""
    if not text:
        return file.relative_to(folder).as_posix()
    return file.as_posix() if Path(text).is_absolute() else Path(os.path.relpath(file, folder.resolve())).as_posix()


def _places(text: str, folder: Path) -> list[Path]:
    """The places that a path of the plan may lead to.

    A relative path was relative to the working directory of the run, which is not known any more. Most often it is
    above the run's folder, wherever that has been moved. SHA-256 decides which place is right.
    """
    home = folder.resolve()
    return list(dict.fromkeys(base / text for base in (home, *home.parents)))


def _records(m: Measurement, run: Run, imported: Sequence[Found]) -> Iterator[Artifact]:
    """Manifests of artifacts that may be the one that was measured."""
    home = run.folder / "artifacts" / safe(m.cell.model)
    # The folder of what the run built, and that of an imported file for which the run chose thresholds.
    own = [home / safe(m.cell.variant) / safe_name(m.cell.exporter), home / safe_name(m.cell.exporter)]
    for path in (*(folder / MANIFEST for folder in own), *(_manifest(place) for _, place in imported)):
        artifact = _read(path)
        if artifact and artifact.file and Path(artifact.file).name == artifact.file:  # no path to another folder
            yield artifact
    for _, path in imported:
        if import_file.is_imported(path) and _is_measured(path, m) and _is_small(path.with_suffix(".toml")):
            with contextlib.suppress(EdgeBenchError):  # its card is damaged: only the file is known
                yield import_file.describe(path, tuned=False)


def _manifest(path: Path) -> Path:
    """The manifest of an artifact of the plan, whose path is a folder, a manifest or a file beside one."""
    return path if path.name == MANIFEST else path / MANIFEST if _exists(path, Path.is_dir) else path.parent / MANIFEST


def _exists(path: Path, kind: Callable[[Path], bool] = Path.is_file) -> bool:
    """Whether there is a file, or what `kind` asks for; False without permission or for an impossible name."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


def _is_measured(path: Path, m: Measurement) -> bool:
    """Whether a file, with those that belong to it, is the one that was measured; False where it may not be read.

    A run's folder may come from another machine and name any file: only one of the right size is read.
    """
    if m.artifact is None:
        return False
    try:
        paths = formats.files(m.format, path)
        same_size = all(map(_exists, paths)) and artifact_files.size(paths) == m.artifact.file_size_bytes
        return same_size and artifact_files.digest(paths) == m.artifact.sha256
    except OSError:
        return False


def _is_small(path: Path) -> bool:
    """Whether a file is small enough for a manifest or a card; False for pipes and devices, which never end."""
    try:
        return _exists(path) and path.stat().st_size <= MOST_BYTES
    except OSError:
        return False


def _read(path: Path) -> Artifact | None:
    if not _is_small(path):
        return None
    try:
        return validated(Artifact, earlier_input.described(json_file.read(path)), str(path), ArtifactError)
    except (ValueError, ArtifactError):
        return None


def _target(m: Measurement, run: Run) -> tuple[str, str]:
    """Device and quantized engine of the cell's target from the run's plan; else `cpu` and none."""
    try:
        target = run_store.stored_inputs(run.folder)["targets"][m.cell.target]
        return str(target["device"]), str(target["quantized_engine"])
    except (OSError, RunError, KeyError, TypeError):
        return "cpu", ""
