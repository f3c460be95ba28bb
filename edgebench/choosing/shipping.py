"""The file behind a measurement: where it is in the run's folder, its SHA-256, and code that loads it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench import given as elsewhere
from edgebench.choosing import snippets
from edgebench.contracts import Artifact
from edgebench.errors import ArtifactError, EdgeBenchError
from edgebench.files import safe, safe_name, sha256
from edgebench.measurements import Measurement, Run
from edgebench.records import validated

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Shipped:
    """What to copy and how to use it."""

    file: str
    """Where the file is, below the run's folder if it is there, and whether it still is."""
    path: Path | None
    """The file itself; None where it is no longer there, or is not the one that was measured."""
    sha256: str
    snippet: str
    """A program that loads the file beside it; empty where nothing tells of the artifact."""


def of(m: Measurement, run: Run) -> Shipped:
    """The artifact of a cell, from the manifest that has the SHA-256 which was measured."""
    run = run.part_of(m)  # a merged run has no folder of its own
    found = next(_manifests(m, run), None)
    if found is None:
        where = f"not known: the run's folder has no manifest of {m.cell.name}; it is the file with this SHA-256"
        return Shipped(where, None, m.artifact_sha256, "")
    artifact, folder = found
    path = folder / artifact.file
    within = path.is_relative_to(run.folder)
    inside = path.relative_to(run.folder) if within else path
    device, engine = _target(m, run)
    threads = int(run.environment_of(m).get("target_threads", {}).get(m.target) or 0)
    snippet = snippets.of(artifact, device, engine, threads)
    if not path.is_file():
        gone = "the run's folder does not hold it any more" if within else "it is not there any more"
        return Shipped(f"{inside.as_posix()} ({gone})", None, artifact.sha256, snippet)
    if sha256(path) != artifact.sha256:
        return Shipped(f"{inside.as_posix()} (changed since it was measured)", None, artifact.sha256, snippet)
    return Shipped(inside.as_posix(), path, artifact.sha256, snippet)


def _manifests(m: Measurement, run: Run) -> Iterator[tuple[Artifact, Path]]:
    """Records of the artifact that was measured, each with the folder that its file is or was in."""
    home = run.folder / "artifacts" / safe(m.model)
    given = [Path(path) for path in run.plan.get("artifacts", ())]
    for path in (home / safe(m.variant) / safe_name(m.exporter) / MANIFEST, *map(_manifest, given)):
        artifact = _read(path)
        if artifact and artifact.sha256 == m.artifact_sha256:
            yield artifact, path.parent
    # A file from elsewhere, with the thresholds that the run chose for it: its record is here, and it is there.
    artifact = _read(home / safe_name(m.exporter) / MANIFEST)
    if artifact and artifact.sha256 == m.artifact_sha256:
        yield artifact, next((path.parent for path in given if path.name == artifact.file), home)
    for path in given:
        if elsewhere.is_given(path) and path.is_file() and sha256(path) == m.artifact_sha256:
            with contextlib.suppress(EdgeBenchError):  # its card is gone: the file is all that is known
                yield elsewhere.describe(path, tuned=False), path.parent


def _manifest(path: Path) -> Path:
    """Where the manifest of a plan's artifact is: the path of a folder, of a manifest or of a file beside it."""
    return path if path.name == MANIFEST else path / MANIFEST if path.is_dir() else path.parent / MANIFEST


def _read(path: Path) -> Artifact | None:
    try:
        return validated(Artifact, json.loads(path.read_text(encoding="utf-8")), str(path), ArtifactError)
    except (OSError, ValueError, ArtifactError):
        return None


def _target(m: Measurement, run: Run) -> tuple[str, str]:
    """Device and quantized engine of the cell's target, as the run has kept them; else a CPU's, and none."""
    try:
        inputs: Mapping[str, Any] = json.loads((run.folder / "plan.json").read_text(encoding="utf-8"))["inputs"]
        target = inputs["targets"][m.target]
        return str(target["device"]), str(target["quantized_engine"])
    except (OSError, ValueError, KeyError, TypeError):
        return "cpu", ""
