"""The file of an artifact, or its several files side by side: sizes, hashes, and which one has changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgebench.core.contracts import Artifact, FilePart
from edgebench.core.files import deflated_size, sha256, sha256_of


def described(paths: Sequence[Path]) -> dict[str, Any]:
    """The fields of an artifact's record that tell its files, of which the first is the one that is loaded."""
    parts = {path.name: FilePart(sha256(path), path.stat().st_size) for path in paths}
    return {
        "file": paths[0].name,
        "sha256": _together([part.sha256 for part in parts.values()]),
        "file_size_bytes": sum(part.size_bytes for part in parts.values()),
        "zip_size_bytes": sum(map(deflated_size, paths)),
        "files": parts if len(parts) > 1 else {},
    }


def of(artifact: Artifact, path: Path) -> list[Path]:
    """All files of an artifact, where `path` is the one that is loaded."""
    return [path, *(path.with_name(name) for name in list(artifact.files)[1:])]


def size(paths: Sequence[Path]) -> int:
    """Bytes of all files; raises OSError."""
    return sum(path.stat().st_size for path in paths)


def digest(paths: Sequence[Path]) -> str:
    """The SHA-256 that a manifest has of these files, as they are now; raises OSError."""
    return _together([sha256(path) for path in paths])


def changed(artifact: Artifact, path: Path) -> Path | None:
    """The first file that is not the manifest's any more, or is missing; None where all are."""
    paths, found = of(artifact, path), []
    for one, part in zip(paths, artifact.files.values() or [None], strict=True):
        if not one.is_file():
            return one
        found.append(sha256(one))
        if part and found[-1] != part.sha256:
            return one
    return None if _together(found) == artifact.sha256 else path


def _together(hashes: Sequence[str]) -> str:
    return hashes[0] if len(hashes) == 1 else sha256_of(*hashes)
