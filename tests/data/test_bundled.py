"""A bundle's records as a dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bundle_makers import contents

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import DataError
from edgebench.remote.bundles import writing


def test_records_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "folder", folder=True)
    records = tmp_path / "folder" / "records"
    np.save(records / "labels.npy", np.zeros((3, 5), np.uint8))
    with pytest.raises(DataError, match=r"labels\.npy: .* of shape"):
        registry.dataset("bundle").load(DataRequest("test", records))
    np.save(records / "labels.npy", np.full((6, 5), 7, np.uint8))
    with pytest.raises(DataError, match="neither 0 nor 1"):
        registry.dataset("bundle").load(DataRequest("test", records))
    with pytest.raises(DataError, match="test records only"):
        registry.dataset("bundle").load(DataRequest("train", records))
    with pytest.raises(DataError, match="no records of a bundle"):
        registry.dataset("bundle").load(DataRequest("test", tmp_path))


def test_the_first_records_of_two_bundles_with_equal_signals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache holds the first records; labels count, too."""
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    writing.write(contents(tmp_path / "made"), tmp_path / "folder", folder=True)
    records = tmp_path / "folder" / "records"
    before = registry.dataset("bundle").load(DataRequest("test", records, limit=3))
    np.save(records / "labels.npy", 1 - np.load(records / "labels.npy"))
    after = registry.dataset("bundle").load(DataRequest("test", records, limit=3))
    assert (before.labels == 1 - after.labels).all() and before.ids.tolist() == after.ids.tolist() == [0, 1, 2]


def test_logits_outside_of_the_bundle_are_refused(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "folder", folder=True)
    records = tmp_path / "folder" / "records"
    about = json.loads((records / "about.json").read_text())
    (tmp_path / "folder" / "out.npy").write_bytes((records / about["references"][0]["logits"]).read_bytes())
    about["references"][0]["logits"] = "../out.npy"
    (records / "about.json").write_text(json.dumps(about))
    with pytest.raises(DataError, match="not a file beside it"):
        registry.dataset("bundle").load(DataRequest("test", records))
