"""The file behind a measurement: where it is in the run's folder, its SHA-256, and code that loads it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.artifacts import import_file as elsewhere
from edgebench.choosing import snippets
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError, EdgeBenchError
from edgebench.core.files import safe, safe_name, sha256
from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import readable
from edgebench.core.validation import validated

MANIFEST = "manifest.json"
MOST_BYTES = 2**20
"""Of a manifest or of a card; a larger file is neither, and is not read."""
Found = tuple[str, Path]
"""A path as the plan has it, empty for none, and where that leads to."""


@dataclass(frozen=True)
class Shipped:
    """What to copy and how to use it."""

    file: str
    """Where the file is, seen from the run's folder, or that it is not here; the same from every working directory."""
    path: Path | None
    """The file itself; None where it is not here, or is not the one that was measured."""
    sha256: str
    snippet: str
    """A program that loads the file beside it; empty where nothing tells of the artifact."""


def of(m: Measurement, run: Run) -> Shipped:
    """The artifact of a cell: the file that has the SHA-256 which was measured, and what its manifest says of it."""
    run = run.part_of(m)  # a merged run has no folder of its own
    named = [text for text in run.plan.get("artifacts", ()) if isinstance(text, str)]
    given = [(text, place) for text in named for place in _places(text, run.folder)]
    artifact = next((a for a in _records(m, run, given) if a.sha256 == m.artifact_sha256), None)
    snippet = ""
    if artifact is not None:
        device, engine = _target(m, run)
        threads = int(run.environment_of(m).get("target_threads", {}).get(m.target) or 0)
        snippet = snippets.of(artifact, device, engine, threads)
    own = run.folder / "artifacts" / safe(m.model) / safe(m.variant) / safe_name(m.exporter)
    files = [("", own / artifact.file)] if artifact else []
    for text, place in given:
        if elsewhere.is_imported(place) and (artifact is None or place.name == artifact.file):
            files.append((text, place))
        elif artifact and artifact == _read(_manifest(place)):
            files.append((text, _manifest(place).parent / artifact.file))
    there = [(text, file) for text, file in files if _there(file)]
    for text, file in there:
        if _is(file, m):
            return Shipped(_told(_seen(file, text, run.folder)), file, m.artifact_sha256, snippet)
    return Shipped(_told(_missing(m, artifact, files, there, run)), None, m.artifact_sha256, snippet)


def _missing(
    m: Measurement, artifact: Artifact | None, files: Sequence[Found], there: Sequence[Found], run: Run
) -> str:
    """Why there is nothing to copy."""
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


def _told(text: str) -> str:
    """A text with names from elsewhere as any terminal and file takes it; one may be spelt in no encoding at all."""
    return readable(text).encode(errors="replace").decode()


def _seen(file: Path, text: str, folder: Path) -> str:
    """A file as seen from the run's folder; one that the plan names by an absolute path, by that."""
    if not text:
        return file.relative_to(folder).as_posix()
    return file.as_posix() if Path(text).is_absolute() else Path(os.path.relpath(file, folder.resolve())).as_posix()


def _places(text: str, folder: Path) -> list[Path]:
    """Where a path of the plan may lead to.

    A relative one was relative to the working directory when the run was made, which is not known any more: most often
    it is above the run's folder, wherever that has been moved to. SHA-256 tells what is right.
    """
    home = folder.resolve()
    return list(dict.fromkeys(base / text for base in (home, *home.parents)))


def _records(m: Measurement, run: Run, given: Sequence[Found]) -> Iterator[Artifact]:
    """Records of artifacts that may be the one that was measured."""
    home = run.folder / "artifacts" / safe(m.model)
    # The last two folders: what the run built, and the thresholds that it chose for a file from elsewhere.
    own = [home / safe(m.variant) / safe_name(m.exporter), home / safe_name(m.exporter)]
    for path in (*(folder / MANIFEST for folder in own), *(_manifest(place) for _, place in given)):
        artifact = _read(path)
        if artifact and artifact.file and Path(artifact.file).name == artifact.file:  # it leads nowhere else
            yield artifact
    for _, path in given:
        if elsewhere.is_imported(path) and _is(path, m) and _is_small(path.with_suffix(".toml")):
            with contextlib.suppress(EdgeBenchError):  # its card is damaged: the file is all that is known
                yield elsewhere.describe(path, tuned=False)


def _manifest(path: Path) -> Path:
    """Where the manifest of a plan's artifact is: the path of a folder, of a manifest or of a file beside it."""
    return path if path.name == MANIFEST else path / MANIFEST if _there(path, Path.is_dir) else path.parent / MANIFEST


def _there(path: Path, kind: Callable[[Path], bool] = Path.is_file) -> bool:
    """Whether there is a file, or something else; not where one may not look, nor by a name that no file can have."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


def _is(path: Path, m: Measurement) -> bool:
    """Whether there is the file that was measured; one that may not be read is not.

    A run's folder may come from elsewhere, and name anything: only a file of the right size is read.
    """
    try:
        return _there(path) and path.stat().st_size == m.file_size_bytes and sha256(path) == m.artifact_sha256
    except OSError:
        return False


def _is_small(path: Path) -> bool:
    """Whether there is a file that a manifest or a card can be: no pipe and no device, whose reading never ends."""
    try:
        return _there(path) and path.stat().st_size <= MOST_BYTES
    except OSError:
        return False


def _read(path: Path) -> Artifact | None:
    if not _is_small(path):
        return None
    try:
        return validated(Artifact, json.loads(path.read_text(encoding="utf-8")), str(path), ArtifactError)
    except (OSError, ValueError, RecursionError, ArtifactError):
        return None


def _target(m: Measurement, run: Run) -> tuple[str, str]:
    """Device and quantized engine of the cell's target, as the run has kept them; else a CPU's, and none."""
    try:
        inputs: Mapping[str, Any] = json.loads((run.folder / "plan.json").read_text(encoding="utf-8"))["inputs"]
        target = inputs["targets"][m.target]
        return str(target["device"]), str(target["quantized_engine"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return "cpu", ""
