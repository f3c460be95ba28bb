"""Damaged and hostile bundles: each is opened whole, or refused in one line and in time."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_makers import contents, entries_of
from mutations import hold, json_bytes, of_bytes, of_json

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import BundleError, DataError
from edgebench.pipeline import bundle_plan
from edgebench.remote.bundles import reading, writing

COUNT = 500
WHEEL = "device/"


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What a bundle holds, with a small file in place of the device side."""
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    writing.write(contents(tmp_path / "made"), tmp_path / "whole.bundle")
    found = entries_of(tmp_path / "whole.bundle")
    return {name: b"wheel" if name.startswith(WHEEL) else data for name, data in found.items()}


def packed(entries: dict[str, bytes], path: Path) -> Path:
    """An archive of these files whose listing fits them: whoever made it could write the hashes, too."""
    listing = json.loads(entries["bundle.json"])
    others = {name: data for name, data in entries.items() if name != "bundle.json"}
    listing["files"] = {n: {"sha256": hashlib.sha256(d).hexdigest(), "size": len(d)} for n, d in others.items()}
    return archived({**others, "bundle.json": json.dumps(listing).encode()}, path)


def archived(entries: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def used(path: Path) -> None:
    """What `measure` does with a bundle before it loads any artifact."""
    plan = bundle_plan.load(path, {}, unsupported_rows=True).measure
    registry.dataset(plan.dataset).load(DataRequest("test", plan.data_dir))


def test_the_bundle_itself_is_used(entries: dict[str, bytes], tmp_path: Path) -> None:
    used(packed(entries, tmp_path / "x.bundle"))


@pytest.mark.slow
def test_damaged_archives(entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(entries, tmp_path / "x.bundle")

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        if reading.is_bundle(path):
            used(path)

    hold(read, of_bytes(path.read_bytes(), COUNT))


@pytest.mark.slow
def test_listings(entries: dict[str, bytes], tmp_path: Path) -> None:
    def read(listing: object) -> None:
        used(archived({**entries, "bundle.json": json_bytes(listing)}, tmp_path / "x.bundle"))

    whole = json.loads(entries_of(packed(entries, tmp_path / "x.bundle"))["bundle.json"])
    hold(read, of_json(whole, COUNT))


def is_json(name: str) -> bool:
    return name.endswith(".json")


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        lambda n: n.endswith("about.json"), lambda n: n.endswith("manifest.json"), lambda n: n.endswith(".toml"),
        lambda n: n.endswith("labels.npy"), lambda n: n.endswith("ids.npy"), lambda n: "reference" in n,
    ],
    ids=["about", "manifest", "target", "labels", "ids", "reference"],
)  # fmt: skip
def test_contents_with_the_right_hashes(
    chosen: Callable[[str], bool], entries: dict[str, bytes], tmp_path: Path
) -> None:
    (name,) = filter(chosen, entries)
    path = tmp_path / "x.bundle"
    content = entries[name]
    hold(lambda damaged: used(packed({**entries, name: damaged}, path)), of_bytes(content, COUNT))
    if is_json(name):
        values = of_json(json.loads(content), COUNT)
        hold(lambda value: used(packed({**entries, name: json_bytes(value)}, path)), values)


@pytest.mark.parametrize("line", ['ssh = "evil"', 'ssh = "evil"\nssh_config = "targets/config"'])
def test_a_bundle_connects_to_nobody(line: str, entries: dict[str, bytes], tmp_path: Path) -> None:
    """Its configuration of ssh could name a program to run here."""
    (name,) = (n for n in entries if n.endswith(".toml"))
    entries[name] += line.encode() + b"\n"
    with pytest.raises(BundleError, match="SSH"):
        used(packed(entries, tmp_path / "x.bundle"))


@pytest.mark.parametrize("path", ["../artifacts/net/none/onnx/model.onnx", "/etc/passwd", "../../x.npy"])
def test_references_stay_among_the_records(path: str, entries: dict[str, bytes], tmp_path: Path) -> None:
    about = json.loads(entries["records/about.json"])
    about["references"][0]["logits"] = path
    entries["records/about.json"] = json.dumps(about).encode()
    with pytest.raises(DataError, match="logits of net"):
        used(packed(entries, tmp_path / "x.bundle"))
