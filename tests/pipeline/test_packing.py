"""What is packed into a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from helpers import edgebench_here

from edgebench import api
from edgebench.remote.bundles import reading


def test_the_fp32_predictions_are_the_networks_own(packed: Path, exported: Path, tmp_path: Path) -> None:
    opened = reading.opened(packed)
    about = json.loads((opened.folder / "records" / "about.json").read_text())
    logits = np.load(opened.folder / "records" / about["references"][0]["logits"])
    assert logits.shape == (48, 5) and np.isfinite(logits).all()
    assert about["references"][0]["model"] == "resnet1d"


def test_a_run_is_packed_with_its_own_predictions(exported: Path, tmp_path: Path) -> None:
    api.measure(
        [exported / "onnx", exported / "eager"], tmp_path / "run", limit=8, threads=1,
        measuring={"processes": 1, "min_samples": 5, "min_seconds": 0.0},
    )  # fmt: skip
    listing = api.bundle([tmp_path / "run"], tmp_path / "run.bundle")
    assert (listing.threads, listing.measuring.min_samples, len(listing.artifacts)) == (1, 5, 2)
    assert api.bundle([tmp_path / "run"], tmp_path / "again.bundle") == listing
    assert (tmp_path / "run.bundle").read_bytes() == (tmp_path / "again.bundle").read_bytes()


def test_without_data_it_is_hardly_larger_than_its_artifacts(exported: Path, tmp_path: Path) -> None:
    api.bundle([exported], tmp_path / "x.bundle", data=False)
    files = [p for p in exported.rglob("*") if p.is_file() and p.name not in ("manifest.json", "check.npy")]
    assert len(files) == 10
    assert (tmp_path / "x.bundle").stat().st_size <= 1.1 * sum(p.stat().st_size for p in files)


def test_bundle_says_what_is_wrong(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, reason in (
        (("nowhere",), "nowhere: "), ((tmp_path / "empty",), "manifest.json"),
        ((exported / "onnx", exported / "onnx"), "a second artifact"),
        ((exported / "onnx", "--dataset", "moon"), "unknown dataset"),
        ((exported / "onnx", "--target", "moon"), "unknown target"),
        ((exported / "onnx", "-o", tmp_path), "is a folder"),
    ):  # fmt: skip
        done = edgebench_here(
            "bundle", *arguments, "--limit", "4", *(() if "-o" in arguments else ("-o", tmp_path / "x"))
        )
        assert (done.returncode, reason in done.stderr) == (2, True), done.stderr
        assert not (tmp_path / "x").exists()
