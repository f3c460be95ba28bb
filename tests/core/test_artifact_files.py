"""Artifacts of one file, as manifests of earlier versions have them, and of several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bundle_makers import contents

from edgebench.artifacts import manifests
from edgebench.core import artifact_files
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.core.files import sha256, write_text
from edgebench.core.problems import InvalidValue
from edgebench.core.serialization import from_dict, to_dict, to_json


@pytest.fixture
def made(tmp_path: Path) -> Artifact:
    ((artifact, _),) = contents(tmp_path / "one", data=False).artifacts
    return artifact


@pytest.fixture
def several(made: Artifact, tmp_path: Path) -> Artifact:
    (tmp_path / "net.xml").write_bytes(b"graph")
    (tmp_path / "net.bin").write_bytes(bytes(1000))
    fields = artifact_files.described([tmp_path / "net.xml", tmp_path / "net.bin"])
    artifact = replace(made, format="pair", **fields)
    write_text(tmp_path / manifests.MANIFEST, to_json(artifact))
    return artifact


def test_several_files_are_one_size_and_one_hash(several: Artifact, tmp_path: Path) -> None:
    assert several.file_size_bytes == 1005 and (several.zip_size_bytes or 0) < 100
    assert list(several.files) == ["net.xml", "net.bin"] and several.files["net.bin"].size_bytes == 1000
    assert several.files["net.bin"].sha256 == sha256(tmp_path / "net.bin")
    assert from_dict(Artifact, to_dict(several)) == several
    assert manifests.read(tmp_path).artifact == several
    assert manifests.outline(tmp_path).size_bytes == 1005


def test_old_manifests_have_one_file(made: Artifact, tmp_path: Path) -> None:
    path = tmp_path / "one" / made.file
    assert artifact_files.described([path])["sha256"] == made.sha256 == sha256(path)
    old = {name: value for name, value in to_dict(made).items() if name not in ("files", "fixed_batch")}
    assert from_dict(Artifact, old) == made and made.batch == 0
    assert artifact_files.of(made, path) == [path] and artifact_files.changed(made, path) is None


@pytest.mark.parametrize("name", ["net.xml", "net.bin"])
def test_each_file_is_verified(several: Artifact, tmp_path: Path, name: str) -> None:
    before = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(before[:-1] + b"!")
    assert artifact_files.changed(several, tmp_path / "net.xml") == tmp_path / name
    with pytest.raises(ArtifactError, match=f"{name}: changed"):
        manifests.read(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        manifests.read(tmp_path)


def test_the_hash_of_all_must_be_that_of_each(several: Artifact, tmp_path: Path) -> None:
    assert artifact_files.changed(replace(several, sha256="ab" * 32), tmp_path / "net.xml")


@pytest.mark.parametrize("name", ["../net.bin", "/etc/passwd", "", "..", "a/b"])
def test_no_file_lies_elsewhere(several: Artifact, name: str) -> None:
    part = several.files["net.bin"]
    with pytest.raises(InvalidValue):
        replace(several, files={several.file: part, name: part})
    with pytest.raises(InvalidValue):
        replace(several, files={"other": part})
