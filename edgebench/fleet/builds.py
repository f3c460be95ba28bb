"""Has artifacts built on a worker: its model and records go there, the artifacts come back and are verified."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgebench.artifacts import manifests
from edgebench.artifacts.build import CHECK_RECORDS, Build
from edgebench.core import artifact_files, json_file, registry
from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import RemoteError
from edgebench.core.files import replacing_folder, safe_name, sha256_of, write_text
from edgebench.core.scratch import scratch_folder
from edgebench.core.serialization import to_dict, to_json
from edgebench.core.validation import validated
from edgebench.fleet.build_there import CALIBRATION, CHECK, MODEL, OUTCOMES, BuildBody, Built
from edgebench.fleet.cluster import Cluster, Task
from edgebench.fleet.messages import BUILD, Request
from edgebench.fleet.transfer import Content, Results
from edgebench.models import store
from edgebench.remote import messages
from edgebench.remote.bundles import writing

PATIENCE_S = 4 * 3600.0


def can_travel(model: str) -> bool:
    """Whether a worker can make the network: one of a user's Python file stays on the user's machine."""
    return store.described(model).architecture in registry.names("models")


def build(
    cluster: Cluster, asked: Build, done: Callable[[str, Outcome[Artifact]], None], begun: Callable[[str], None]
) -> None:
    """Build artifacts on a worker, as `artifacts.build.build` does here, but without predictions of all records.

    Raises RemoteError where no worker does it, or what came back cannot be used; DiskFull.
    """
    with scratch_folder() as scratch:
        files = dict(_records(_first(asked.check, CHECK_RECORDS, scratch), CHECK))
        if asked.calibration:
            files |= _records(asked.calibration, CALIBRATION)
        _build(cluster, asked, files, done, begun)


def _build(
    cluster: Cluster, asked: Build, files: dict[str, Content], done: Callable[[str, Outcome[Artifact]], None],
    begun: Callable[[str], None],
) -> None:  # fmt: skip
    model = store.find(asked.model)
    name = asked.model
    if name not in store.shipped():
        name = f"{MODEL}/{safe_name(Path(asked.model).name)}"
        files |= {name: Path(asked.model), f"{MODEL}/{model.manifest.weights}": model.weights}
    body = BuildBody(
        name, model.manifest.identity(), asked.variant, asked.exporters, asked.timeout_s, bool(asked.calibration),
        dict(asked.floats),
    )  # fmt: skip
    entries = {name: writing.entry(content) for name, content in files.items()}
    session = sha256_of(str(asked.folder.resolve()), to_json(body))[:16]
    found: dict[str, Outcome[Artifact]] = {}
    place = asked.folder / ".built"

    def ready(machine: str, results: Results) -> None:
        with replacing_folder(place) as new:
            results.get([OUTCOMES], new)
            found.clear()
            found.update(_outcomes(asked, new / OUTCOMES, machine))
            results.get([one for outcome in found.values() for one in _files(outcome)], new)
            for exporter, outcome in found.items():
                if outcome.status == "ok":
                    _check(asked, exporter, outcome.value, new)

    def line(_machine: str, text: str) -> None:
        event = messages.read(text.encode())
        if isinstance(event, messages.Event) and event.event == "begin" and event.text in asked.exporters:
            begun(event.text)

    request = Request("build", "", "", session, "", entries, to_dict(body), PATIENCE_S)
    contents = {entries[name].sha256: content for name, content in files.items()}
    try:
        machine, reply = cluster.do(Task(request, contents, {BUILD: 1}, line, ready))
        if reply.status != "ok":
            raise RemoteError(f"{machine}: {reply.reason}")
        for exporter, outcome in found.items():
            if outcome.status == "ok":
                _take(place, asked.folder, exporter)
            done(exporter, outcome)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _first(records: RecordSet, count: int, folder: Path) -> RecordSet:
    """The first records, with their values in the folder."""
    inputs = []
    for number, one in enumerate(records.inputs):
        inputs.append(replace(one, path=folder / f"{number}.npy"))
        np.save(inputs[-1].path, np.load(one.path, mmap_mode="r")[:count])
    targets = None if records.targets is None else records.targets[:count]
    return replace(records, inputs=tuple(inputs), targets=targets, ids=records.ids[:count])


def _records(records: RecordSet, folder: str) -> Mapping[str, Content]:
    """The files of records, as a bundle has them, in another folder."""
    files: dict[str, Content] = {}
    writing.put_records(records, (), files)
    return {f"{folder}/{name.removeprefix('records/')}": content for name, content in files.items()}


def _outcomes(asked: Build, path: Path, machine: str) -> dict[str, Outcome[Artifact]]:
    """The outcome of each exporter; raises RemoteError for anything else."""
    where = f"{machine}: its outcomes"
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise RemoteError(f"{where}: {error}") from None
    found = {}
    for one in data if isinstance(data, list) else [data]:
        built = validated(Built, one, where, RemoteError)
        found[built.exporter] = built.outcome
    if set(found) != set(asked.exporters):
        raise RemoteError(f"{where}: are not those of {', '.join(asked.exporters)}")
    return found


def _files(outcome: Outcome[Artifact]) -> list[str]:
    """The files of an artifact in the worker's folder; raises RemoteError for a name that is none."""
    if outcome.status != "ok":
        return []
    artifact = outcome.value
    names = [path.name for path in artifact_files.of(artifact, Path(artifact.file))]
    if any(safe_name(name) != name or name in ("", ".", "..") for name in (artifact.file, *artifact.files)):
        raise RemoteError(f"{artifact.exporter}: names files that are none")
    return [f"{safe_name(artifact.exporter)}/{name}" for name in names]


def _check(asked: Build, exporter: str, artifact: Artifact, folder: Path) -> None:
    """Compare an artifact with its record, and the record with the request; raises ArtifactError, RemoteError."""
    if (artifact.exporter, artifact.variant) != (exporter, asked.variant):
        raise RemoteError(f"{exporter}: came back as {messages.shown(artifact.exporter)} {artifact.variant!r:.50}")
    model = store.described(asked.model)
    if artifact.model_sha256 != (model.compressed_from or model.weights_sha256):
        raise RemoteError(f"{exporter}: came back from another model")
    home = folder / safe_name(exporter)
    manifests.verify(artifact, home / artifact.file)
    write_text(home / manifests.MANIFEST, to_json(artifact, indent=2) + "\n")


def _take(place: Path, folder: Path, exporter: str) -> None:
    """Move an artifact to where a build here would have made it."""
    target = folder / safe_name(exporter)
    shutil.rmtree(target, ignore_errors=True)
    (place / safe_name(exporter)).rename(target)
