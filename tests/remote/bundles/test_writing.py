from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from bundle_makers import contents, entries_of

from edgebench.core.cells import Target
from edgebench.core.errors import BundleError
from edgebench.core.target_profiles import find
from edgebench.measuring import environment
from edgebench.pipeline import bundle_plan
from edgebench.remote.bundles import reading, writing


def test_the_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "a.bundle", tmp_path / "b.bundle"
    writing.write(contents(tmp_path / "one"), one)
    again = contents(tmp_path / "other")
    for file in (tmp_path / "other").iterdir():
        os.utime(file, (1, 1))
        file.chmod(0o600)
    writing.write(again, other)
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        names = archive.namelist()
    assert names[0] == "bundle.json" and names[1:] == sorted(names[1:])


def test_a_folder_holds_what_the_archive_holds(tmp_path: Path) -> None:
    made = contents(tmp_path / "made")
    writing.write(made, tmp_path / "x.bundle")
    writing.write(made, tmp_path / "folder", folder=True)
    found = {str(p.relative_to(tmp_path / "folder")): p.read_bytes() for p in (tmp_path / "folder").rglob("*.*")}
    assert {n: b for n, b in found.items() if (tmp_path / "folder" / n).is_file()} == entries_of(tmp_path / "x.bundle")
    writing.write(replace(made, seed=8), tmp_path / "folder", folder=True)  # a bundle may be written again
    assert reading.opened(tmp_path / "folder").listing.seed == 8


def test_without_data_there_are_no_records(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made", data=False), tmp_path / "x.bundle")
    opened = reading.opened(tmp_path / "x.bundle")
    assert not [name for name in opened.listing.files if name.startswith("records/")]
    assert bundle_plan.load(tmp_path / "x.bundle", {}).measure.dataset == "demo"


def test_what_cannot_be_packed_is_said(tmp_path: Path) -> None:
    made = contents(tmp_path / "made")
    with pytest.raises(BundleError, match="net none onnx"):
        writing.write(replace(made, artifacts=made.artifacts * 2), tmp_path / "x.bundle")
    with pytest.raises(BundleError, match="no artifact"):
        writing.write(replace(made, artifacts=()), tmp_path / "x.bundle")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(BundleError, match="--output"):
        writing.write(made, tmp_path / "full", folder=True)
    with pytest.raises(BundleError, match="is a folder"):
        writing.write(made, tmp_path / "full")
    made.artifacts[0][1].write_bytes(b"changed")
    with pytest.raises(BundleError, match=r"model\.onnx.*SHA-256"):
        writing.write(made, tmp_path / "x.bundle")
    assert not (tmp_path / "x.bundle").exists()


def test_a_profile_survives_its_text(tmp_path: Path) -> None:
    made = Target("odd", 'quotes " and \\ and größer', "", board="Pi\t5", threads=3, memory_limit_bytes=5)
    writing.write(replace(contents(tmp_path / "made"), targets=(made,)), tmp_path / "f", folder=True)
    assert find(str(tmp_path / "f" / "targets" / "odd.toml"), environment.machine()) == made
