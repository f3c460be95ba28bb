"""Writes a bundle: a zip archive, or a folder. The same contents give the same bytes."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench import __version__
from edgebench.artifacts.manifests import MANIFEST
from edgebench.core import artifact_files, target_profiles
from edgebench.core.cells import KnownReference, Target
from edgebench.core.contracts import Artifact
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import BundleError
from edgebench.core.files import replacing, replacing_folder, safe_name, sha256
from edgebench.core.policy import Policy
from edgebench.core.serialization import to_json
from edgebench.core.settings import Measuring
from edgebench.data.about_records import AboutFurther, AboutRecords
from edgebench.remote.bundles import plugin_wheels, wheel
from edgebench.remote.bundles.archive import add
from edgebench.remote.bundles.layout import FORMAT, LISTING, Entry, Listing, check_names

Content = bytes | Path

HOST = "host"


@dataclass(frozen=True)
class ReferenceLogits:
    """The predictions of an uncompressed fp32 model on the records."""

    model: str
    model_sha256: str
    thresholds: tuple[float, ...]
    logits: NDArray[np.float32]


@dataclass(frozen=True)
class Contents:
    """The contents of a bundle."""

    artifacts: tuple[tuple[Artifact, Path], ...]
    """Each with its file."""
    targets: tuple[Target, ...]
    """A target named `host` stands for the device itself."""
    records: RecordSet | None = None
    references: tuple[ReferenceLogits, ...] = ()
    measuring: Measuring = field(default_factory=Measuring)
    threads: int | None = None
    seed: int = 0
    policy: Policy = field(default_factory=Policy)


def write(contents: Contents, path: Path, folder: bool = False) -> Listing:
    """Write the bundle to `path` atomically; raises BundleError, DiskFull."""
    files, listing = laid_out(contents)
    text = listing_text(listing)
    if folder:
        if path.exists() and not (path / LISTING).is_file() and (path.is_file() or any(path.iterdir())):
            raise BundleError(f"{path}: there already, and not a bundle; give another --output")
        with replacing_folder(path) as new:
            for name, content in {LISTING: text, **files}.items():
                target = new / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, bytes):
                    target.write_bytes(content)
                else:
                    shutil.copyfile(content, target)
        return listing
    if path.is_dir():
        raise BundleError(f"{path}: is a folder; give a file, or --folder")
    with replacing(path) as part, zipfile.ZipFile(part, "w") as archive:
        add(archive, LISTING, text)
        for name, content in files.items():
            add(archive, name, content)
    return listing


def laid_out(contents: Contents) -> tuple[dict[str, Content], Listing]:
    """Every file but the listing by its name, sorted, and the listing; raises BundleError."""
    files: dict[str, Content] = {}
    manifests = [_artifact(artifact, path, files) for artifact, path in contents.artifacts]
    if not manifests:
        raise BundleError("no artifact to put into a bundle")
    for target in contents.targets:
        if target.name != HOST:
            files[_profile(target)] = target_profiles.to_toml(target).encode()
    about = put_records(contents.records, contents.references, files) if contents.records else ""
    forms = tuple(sorted({artifact.format for artifact, _ in contents.artifacts}))
    device = f"device/{wheel.NAME}"
    files[device] = wheel.build()
    plugins = {f"device/{name}": content for name, content in plugin_wheels.of(forms).items()}
    files |= plugins
    files = dict(sorted(files.items()))
    check_names([LISTING, *files], "the bundle")
    listing = Listing(
        FORMAT, __version__, tuple(sorted(manifests)),
        tuple(HOST if t.name == HOST else _profile(t) for t in contents.targets), device,
        forms, about, contents.measuring, contents.threads, contents.seed, contents.policy,
        {n: entry(c) for n, c in files.items()}, tuple(sorted(plugins)),
    )  # fmt: skip
    return files, listing


def listing_text(listing: Listing) -> bytes:
    """bundle.json as it is written."""
    return (to_json(listing, indent=1) + "\n").encode()


def _artifact(artifact: Artifact, path: Path, files: dict[str, Content]) -> str:
    """Put an artifact and its manifest in; returns the manifest's name. Raises BundleError."""
    paths = artifact_files.of(artifact, path)
    names = [_named(one.name) for one in paths]
    name = names[0]
    folder = "/".join(("artifacts", *map(safe_name, (artifact.model, artifact.variant, artifact.exporter))))
    if f"{folder}/{MANIFEST}" in files:
        raise BundleError(f"{path}: a second artifact of {artifact.model} {artifact.variant} {artifact.exporter}")
    if other := artifact_files.changed(artifact, path):
        raise BundleError(f"{other}: changed since it was exported (SHA-256 differs from its manifest)")
    files |= {f"{folder}/{new}": old for new, old in zip(names, paths, strict=True)}
    parts = dict(zip(names, artifact.files.values(), strict=True)) if artifact.files else {}
    files[f"{folder}/{MANIFEST}"] = (to_json(replace(artifact, file=name, files=parts), indent=2) + "\n").encode()
    return f"{folder}/{MANIFEST}"


def _named(name: str) -> str:
    """A file's name as a bundle may have it."""
    name = safe_name(name)
    return name if name[0].isalnum() else f"file{name}"


def _profile(target: Target) -> str:
    return f"targets/{safe_name(target.name)}.toml"


def put_records(records: RecordSet, references: Iterable[ReferenceLogits], files: dict[str, Content]) -> str:
    """Put the files of records in; returns the name of their description."""
    files["records/signals.npy"] = records.input.path
    if records.targets is not None:
        files["records/labels.npy"] = _npy(records.targets)
    further = []
    for number, one in enumerate(records.inputs[1:]):
        files[f"records/further-{number}.npy"] = one.path
        further.append(AboutFurther(one.name, one.spec, one.storage))
    files["records/ids.npy"] = _npy(records.ids)
    known = []
    for number, reference in enumerate(references):
        name = f"reference-{number}.npy"
        files[f"records/{name}"] = _npy(reference.logits)
        known.append(KnownReference(reference.model, reference.model_sha256, reference.thresholds, name))
    about = AboutRecords(
        records.dataset, records.label, records.split, records.classes, records.input.spec, records.dropped,
        records.unlabelled, tuple(known), records.unit, records.input.storage, records.input.name,
        records.targets is not None, tuple(further), task=records.task,
    )  # fmt: skip
    files["records/about.json"] = (to_json(about, indent=1) + "\n").encode()
    return "records/about.json"


def _npy(array: NDArray[np.generic]) -> bytes:
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def entry(content: Content) -> Entry:
    """The listing's entry for a content."""
    if isinstance(content, bytes):
        return Entry(hashlib.sha256(content).hexdigest(), len(content))
    return Entry(sha256(content), content.stat().st_size)
