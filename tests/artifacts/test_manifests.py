"""Artifacts on disk: how they are named, what is read of them, and what is no artifact."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutations
import own_files
import pytest
from bundle_makers import contents

from edgebench.artifacts import manifests
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.core.serialization import to_json


@pytest.fixture
def made(tmp_path: Path) -> tuple[Artifact, Path]:
    """An artifact as it is exported: a file that no runtime loads, and its manifest beside it."""
    ((artifact, file),) = contents(tmp_path / "made", data=False).artifacts
    (file.parent / "manifest.json").write_text(to_json(artifact))
    return artifact, file


def test_it_is_named_by_its_folder_its_manifest_or_its_file(made: tuple[Artifact, Path]) -> None:
    artifact, file = made
    for name in (file.parent, file.parent / "manifest.json", file):
        assert manifests.read(name) == manifests.StoredArtifact(artifact, file)


def test_a_file_with_a_card_is_what_the_card_says(made: tuple[Artifact, Path]) -> None:
    """And not what a manifest beside it says of another network."""
    artifact, file = made
    own_files.write(file.parent)
    (file.parent / "net.toml").rename(file.with_suffix(".toml"))
    with pytest.raises(ArtifactError, match=r"model\.onnx"):
        manifests.read(file)  # it is no ONNX file
    assert manifests.read(file.parent).artifact == artifact


def test_a_folder_stands_for_all_below_it(tmp_path: Path, made: tuple[Artifact, Path]) -> None:
    _, file = made
    for name in ("b", "a"):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "manifest.json").touch()
    assert manifests.manifests(tmp_path / "all") == [tmp_path / "all" / name / "manifest.json" for name in ("a", "b")]
    assert manifests.manifests(file) == [file]
    (tmp_path / "empty").mkdir()
    assert manifests.manifests(tmp_path / "empty") == [tmp_path / "empty"], "so that reading it says what is missing"


def refused(path: Path, *said: str) -> None:
    with pytest.raises(ArtifactError) as error:
        manifests.read(path)
    assert all(text in str(error.value) for text in said) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\xff", b"[" * 200_000, b"{", b"[]", b"3", b'{"name": "x"}', b'{"report": "edgebench", "version": 1}'],
    ids=["no text", "too deep", "no JSON", "a list", "a number", "another object", "a report"],
)
def test_what_is_no_manifest(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    refused(tmp_path / "x.json", str(tmp_path / "x.json"))


def test_what_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "none", str(tmp_path / "none"))
    refused(tmp_path, str(tmp_path), "manifest.json", "edgebench export")
    one = tmp_path / "run" / "artifacts" / "net" / "none" / "onnx"
    one.mkdir(parents=True)
    (one / "manifest.json").touch()
    refused(tmp_path / "run", str(one))
    refused(tmp_path / "run" / "artifacts", str(one))


def test_the_manifest_of_a_model_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "resnet1d.json"
    path.write_text(json.dumps({"architecture": "resnet1d", "weights": "resnet1d.safetensors"}))
    refused(path, f"--model {path}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("classes"), "classes"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d.update(file_size_bytes="5000"), "file_size_bytes"),
        (lambda d: d.update(file="../model.onnx"), "../model.onnx"),
        (lambda d: d.update(file="gone.onnx"), "gone.onnx"),
    ],
    ids=["missing", "unknown", "of another type", "elsewhere", "not there"],
)
def test_fields_that_are_wrong(
    made: tuple[Artifact, Path], change: Callable[[dict[str, Any]], object], said: str
) -> None:
    _, file = made
    path = file.parent / "manifest.json"
    fields = json.loads(path.read_text())
    change(fields)
    path.write_text(json.dumps(fields))
    refused(path, str(path), said)


def test_another_content_and_a_missing_file_are_told_apart(made: tuple[Artifact, Path]) -> None:
    artifact, file = made
    manifests.verify(artifact, file)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtifactError, match="SHA-256") as changed:
        manifests.verify(artifact, file)
    refused(file.parent, str(changed.value))
    file.unlink()
    with pytest.raises(ArtifactError, match="missing") as missing:
        manifests.verify(artifact, file)
    assert str(file) in str(missing.value) and "SHA-256" not in str(missing.value)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "manifest.json").mkdir()
    for name in ("pipe.json", "loop.json", "folder"):
        refused(tmp_path / name, name)


@pytest.mark.slow
def test_damaged_manifests_are_read_or_refused(made: tuple[Artifact, Path]) -> None:
    _, file = made
    path = file.parent / "manifest.json"
    content = path.read_bytes()

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        to_json(manifests.read(path).artifact)

    _, told = mutations.hold(read, mutations.of_bytes(content, 500))
    assert told
    value = json.loads(content)
    mutations.hold(lambda changed: read(mutations.json_bytes(changed)), mutations.of_json(value, 500))
