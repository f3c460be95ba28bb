from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bundle_makers import RECORDS, contents, entries_of

from edgebench.core import registry
from edgebench.core.contracts import DataRequest, Target
from edgebench.core.errors import BundleError, DataError, PlanError
from edgebench.core.target_profiles import find
from edgebench.measuring import environment
from edgebench.pipeline import bundle_plan
from edgebench.pipeline import records as run_records
from edgebench.remote.bundles import reading, wheel, writing


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


def test_it_comes_back_as_it_went(tmp_path: Path) -> None:
    made = contents(tmp_path / "made")
    writing.write(made, tmp_path / "x.bundle")
    plan = bundle_plan.load(tmp_path / "x.bundle", {"limit": 4, "measuring": {"processes": 5}}).measure
    assert (plan.threads, plan.seed, plan.limit, plan.measuring.processes) == (2, 7, 4, 5)
    machine = environment.machine()
    board = find(plan.targets[1], machine)
    assert plan.targets[0] == "host" and board == made.targets[1]
    records = registry.dataset("bundle").load(DataRequest("test", plan.data_dir))
    assert made.records and run_records.identity(records) == run_records.identity(made.records)
    assert (records.label, len(records), records.classes) == ("demo (synthetic)", RECORDS, made.records.classes)
    assert np.array_equal(np.load(records.references[0].logits), made.references[0].logits)
    first = registry.dataset("bundle").load(DataRequest("test", plan.data_dir, limit=4))
    assert len(first) == len(np.load(first.signals)) == 4 and np.array_equal(first.labels, records.labels[:4])


def test_a_folder_holds_what_the_archive_holds(tmp_path: Path) -> None:
    made = contents(tmp_path / "made")
    writing.write(made, tmp_path / "x.bundle")
    writing.write(made, tmp_path / "folder", folder=True)
    found = {str(p.relative_to(tmp_path / "folder")): p.read_bytes() for p in (tmp_path / "folder").rglob("*.*")}
    assert {n: b for n, b in found.items() if (tmp_path / "folder" / n).is_file()} == entries_of(tmp_path / "x.bundle")
    writing.write(replace(made, seed=8), tmp_path / "folder", folder=True)  # a bundle may be written anew
    assert reading.opened(tmp_path / "folder").listing.seed == 8


def test_without_data_there_are_no_records(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made", data=False), tmp_path / "x.bundle")
    opened = reading.opened(tmp_path / "x.bundle")
    assert not [name for name in opened.listing.files if name.startswith("records/")]
    assert bundle_plan.load(tmp_path / "x.bundle", {}).measure.dataset == "demo"


def test_what_cannot_be_packed_is_said(tmp_path: Path) -> None:
    made = contents(tmp_path / "made")
    with pytest.raises(BundleError, match="a second artifact of net none onnx"):
        writing.write(replace(made, artifacts=made.artifacts * 2), tmp_path / "x.bundle")
    with pytest.raises(BundleError, match="no artifact"):
        writing.write(replace(made, artifacts=()), tmp_path / "x.bundle")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(BundleError, match="not a bundle; give another --output"):
        writing.write(made, tmp_path / "full", folder=True)
    with pytest.raises(BundleError, match="is a folder"):
        writing.write(made, tmp_path / "full")
    made.artifacts[0][1].write_bytes(b"changed")
    with pytest.raises(BundleError, match="changed since it was exported"):
        writing.write(made, tmp_path / "x.bundle")
    assert not (tmp_path / "x.bundle").exists()


def test_a_plan_of_a_bundle_is_checked(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "x.bundle")
    for overrides, reason in (
        ({"measuring": {"processes": 0}}, "measuring.processes: must be at least 1, not 0"),
        ({"limit": 0}, "limit: must be at least 1, not 0"),
        ({"targets": ("nowhere",)}, "unknown target"), ({"colour": "red"}, "colour: unknown key"),
        ({"targets": ("board", "board")}, "unknown target"),
    ):  # fmt: skip
        with pytest.raises(PlanError, match=reason):
            bundle_plan.load(tmp_path / "x.bundle", overrides)


def test_records_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "folder", folder=True)
    records = tmp_path / "folder" / "records"
    np.save(records / "labels.npy", np.zeros((3, 5), np.uint8))
    with pytest.raises(DataError, match="labels of shape"):
        registry.dataset("bundle").load(DataRequest("test", records))
    with pytest.raises(DataError, match="test records only"):
        registry.dataset("bundle").load(DataRequest("train", records))
    with pytest.raises(DataError, match="no records of a bundle"):
        registry.dataset("bundle").load(DataRequest("test", tmp_path))


def test_the_wheel_has_no_weights_and_asks_for_little(tmp_path: Path) -> None:
    (tmp_path / wheel.NAME).write_bytes(wheel.build())
    entries = entries_of(tmp_path / wheel.NAME)
    assert wheel.build() == (tmp_path / wheel.NAME).read_bytes()
    assert (tmp_path / wheel.NAME).stat().st_size < 500_000
    assert not [name for name in entries if "weights/" in name or "__pycache__" in name]
    assert {
        "edgebench/measuring/worker.py",
        "edgebench/exporters/onnx_fp32.py",
        "edgebench/targets/cuda.toml",
    } <= entries.keys()
    metadata = entries[f"{wheel.INFO}/METADATA"].decode()
    always = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert always == [f"Requires-Dist: {needed}" for needed in ("msgspec>=0.19", "numpy>=1.26", "psutil>=5.9")]


def test_a_profile_survives_its_text(tmp_path: Path) -> None:
    made = Target("odd", 'quotes " and \\ and größer', "", board="Pi\t5", threads=3, memory_limit_bytes=5)
    writing.write(replace(contents(tmp_path / "made"), targets=(made,)), tmp_path / "f", folder=True)
    assert find(str(tmp_path / "f" / "targets" / "odd.toml"), environment.machine()) == made
