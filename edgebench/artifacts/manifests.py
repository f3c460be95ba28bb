"""Artifacts on disk: reads a manifest, or an imported file with its card, and verifies the file's SHA-256."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from edgebench.artifacts import import_file
from edgebench.core import json_file
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.core.files import sha256
from edgebench.core.validation import validated
from edgebench.data import earlier_input
from edgebench.runtimes import onnx_file

MANIFEST = "manifest.json"
WHAT_IS = "name a folder that edgebench export wrote, its manifest.json, or an .onnx or TorchScript file"


@dataclass(frozen=True)
class StoredArtifact:
    """An artifact on disk: its record, and the path of its file."""

    artifact: Artifact
    path: Path


def manifests(path: Path) -> list[Path]:
    """A folder of artifacts stands for all manifests below it; anything else for itself."""
    return (sorted(path.rglob(MANIFEST)) if path.is_dir() else []) or [path]


def read(manifest: Path, tuned: bool = False) -> StoredArtifact:
    """Read an artifact by its manifest, by the folder that holds it, or an imported file with its card.

    `tuned` says that an imported file needs no thresholds yet. Raises ArtifactError.
    """
    beside = manifest.parent / MANIFEST
    if import_file.is_imported(manifest) and beside.is_file() and not manifest.with_suffix(".toml").exists():
        manifest = beside  # a file that EdgeBench exported, named by itself
    if import_file.is_imported(manifest):
        return StoredArtifact(import_file.describe(manifest, tuned), manifest)
    path = manifest / MANIFEST if manifest.is_dir() else manifest
    if not manifest.exists():
        raise ArtifactError(f"{manifest}: no such file or folder")
    if not path.is_file():
        raise ArtifactError(f"{manifest}: no {MANIFEST} there; export one: edgebench export --help")
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise ArtifactError(f"{path}: not an artifact ({error}); {WHAT_IS}") from None
    if isinstance(data, dict) and "architecture" in data and "weights" in data:
        raise ArtifactError(f"{path}: the manifest of a model, not of an artifact; export it: --model {path}")
    if not isinstance(data, dict) or not {"exporter", "sha256"} & set(data):
        raise ArtifactError(f"{path}: not the manifest of an artifact; {WHAT_IS}")
    artifact = validated(Artifact, earlier_input.converted(data), str(path), ArtifactError)
    file = path.parent / artifact.file
    if file.parent != path.parent or not file.is_file():
        raise ArtifactError(f"{path}: its file '{artifact.file}' is not beside it")
    verify(artifact, file)
    if artifact.format == "onnx":
        with contextlib.suppress(onnx_file.NotOnnx):  # it becomes a row that says so
            onnx_file.require_whole(file)
    return StoredArtifact(artifact, file)


def record(path: Path) -> Artifact:
    """The record of an imported file with the thresholds that a run chose for it; raises ArtifactError."""
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise ArtifactError(f"{path}: {error}; remove it, and the run chooses the thresholds again") from None
    return validated(Artifact, earlier_input.converted(data), str(path), ArtifactError)


def verify(artifact: Artifact, file: Path) -> None:
    """Raise ArtifactError where the file is missing, or is not the one that the manifest describes."""
    if not file.is_file():
        raise ArtifactError(f"{file}: missing; export it again")
    if sha256(file) != artifact.sha256:
        raise ArtifactError(
            f"{file}: changed since it was exported (SHA-256 differs from its manifest); export it again"
        )
