"""Artifacts on disk: reads a manifest, or an imported file with its card, and verifies the SHA-256 of its files."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from edgebench.artifacts import import_file, opening
from edgebench.core import artifact_files, formats, json_file
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError, WrongFormat
from edgebench.core.expected import Expected
from edgebench.core.validation import validated
from edgebench.data import earlier_input
from edgebench.data.signals import FOR_ECG

MANIFEST = "manifest.json"
BELOW = tuple(f"{place}*/*/*/{MANIFEST}" for place in ("", "artifacts/"))
"""Where `edgebench export` and a run have the manifests of artifacts."""
WHAT_IS = "name a folder that edgebench export wrote, its manifest.json, or an .onnx or TorchScript file"


@dataclass(frozen=True)
class StoredArtifact:
    """An artifact on disk: its record, and the path of its file."""

    artifact: Artifact
    path: Path


def manifests(path: Path) -> list[Path]:
    """A folder of artifacts stands for all manifests below it; anything else for itself."""
    return (sorted(path.rglob(MANIFEST)) if path.is_dir() else []) or [path]


def read(manifest: Path, tuned: bool = False, wanted: Expected = FOR_ECG) -> StoredArtifact:
    """Read an artifact by its manifest, by the folder that holds it, or an imported file with its card.

    An imported file is described for records such as `wanted`; `tuned` says that it needs no thresholds yet. Raises
    ArtifactError.
    """
    manifest = _exported(manifest)
    if import_file.is_imported(manifest):
        return StoredArtifact(import_file.describe(manifest, tuned, wanted), manifest)
    path = manifest / MANIFEST if manifest.is_dir() else manifest
    if not manifest.exists():
        raise ArtifactError(f"{manifest}: no such file or folder")
    if not path.is_file():
        one = next((found for below in BELOW for found in sorted(manifest.glob(below))), None)
        way = f"name one of its artifacts, such as {one.parent}" if one else "export one: edgebench export --help"
        raise ArtifactError(f"{manifest}: no {MANIFEST} there; {way}")
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise ArtifactError(f"{path}: not an artifact ({error}); {WHAT_IS}") from None
    if isinstance(data, dict) and "architecture" in data and "weights" in data:
        raise ArtifactError(f"{path}: the manifest of a model, not of an artifact; export it: --model {path}")
    if not isinstance(data, dict) or not {"exporter", "sha256"} & set(data):
        raise ArtifactError(f"{path}: not the manifest of an artifact; {WHAT_IS}")
    artifact = validated(Artifact, earlier_input.described(data), str(path), ArtifactError)
    file = path.parent / artifact.file
    if file.parent != path.parent:
        raise ArtifactError(f"{path}: its file '{artifact.file}' is not beside it")
    if lost := next((one for one in artifact_files.of(artifact, file) if not one.is_file()), None):
        raise ArtifactError(f"{path}: its file '{lost.name}' is not beside it")
    verify(artifact, file)
    with contextlib.suppress(WrongFormat):  # it becomes a row that says so
        formats.check(artifact.format, file)
    return StoredArtifact(artifact, file)


@dataclass(frozen=True)
class Outline:
    """What an artifact is, whatever records it takes."""

    name: str
    path: Path
    format: str
    size_bytes: int
    converts: str = ""
    """What is converted for an imported file, in words."""
    layer_prefix: str = ""
    """Of the layers' names in the file."""


def outline(manifest: Path) -> Outline:
    """An artifact, or an imported file with or without a card; raises ArtifactError."""
    manifest = _exported(manifest)
    try:
        stored = read(manifest, tuned=True)
    except ArtifactError:
        if not import_file.is_imported(manifest) or not manifest.is_file():
            raise
        # It takes no ECG, or has no card; a file that cannot be opened is refused.
        form = formats.of_file(manifest)
        opening.facts(manifest, form)
        size = artifact_files.size(formats.files(form, manifest))
        return Outline(f"{manifest.stem} {import_file.EXPORTER}", manifest, form, size)
    made = stored.artifact
    converts = str(made.feed) if made.feed else ""
    return Outline(
        f"{made.model} {made.exporter}", stored.path, made.format, made.file_size_bytes, converts, made.layer_prefix
    )


def classes_of(manifest: Path, tuned: bool, task: str, classes: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The classes of an artifact before any record is read; empty where an imported file's card names none.

    `task` and `classes` are the dataset's, empty where its data decide them. Raises ArtifactError where it
    cannot be used.
    """
    manifest = _exported(manifest)
    if import_file.is_imported(manifest):
        return import_file.announced(manifest, tuned, task, classes)
    return read(manifest).artifact.classes


def _exported(path: Path) -> Path:
    """The manifest of a file that EdgeBench exported and that is named by itself; any other path unchanged."""
    beside = path.parent / MANIFEST
    if not import_file.is_imported(path) or not beside.is_file() or path.with_suffix(".toml").exists():
        return path
    with contextlib.suppress(ValueError):
        data = json_file.read(beside)
        return path if isinstance(data, dict) and data.get("file") not in (None, path.name) else beside
    return beside


def record(path: Path) -> Artifact:
    """The record of an imported file with the thresholds that a run chose for it; raises ArtifactError."""
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise ArtifactError(f"{path}: {error}; remove it, and the run chooses the thresholds again") from None
    return validated(Artifact, earlier_input.described(data), str(path), ArtifactError)


def verify(artifact: Artifact, file: Path) -> None:
    """Raise ArtifactError where a file is missing, or is not the one that the manifest describes."""
    if (other := artifact_files.changed(artifact, file)) is None:
        return
    if not other.is_file():
        raise ArtifactError(f"{other}: missing; export it again")
    raise ArtifactError(f"{other}: changed since it was exported (SHA-256 differs from its manifest); export it again")
