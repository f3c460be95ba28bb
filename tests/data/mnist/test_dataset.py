from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from physionet import PhysioNet
from small_datasets import idx, make_mnist

from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.data.fetching.download import Published
from edgebench.data.mnist import dataset
from edgebench.data.mnist.dataset import DATASET

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
LABELS = "t10k-labels-idx1-ubyte"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))


def load(folder: Path, split: Split = "test", **fields: object) -> RecordSet:
    return DATASET.load(DataRequest(split, folder, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("inner", ["", "MNIST/raw"])
def test_splits(packed: bool, inner: str, tmp_path: Path) -> None:
    make_mnist(tmp_path / "mnist" / inner, packed=packed)
    found = {split: load(tmp_path / "mnist", split) for split in SPLITS}
    assert {s: len(r) for s, r in found.items()} == {"train": 55, "validation": 5, "test": 20}
    assert sorted([*found["train"].ids, *found["validation"].ids]) == list(range(60))
    for records in found.values():
        assert np.array_equal(records.targets, records.ids % 10)  # type: ignore[arg-type]
        (stored,) = records.inputs
        array = np.load(stored.path)
        assert array.shape == (len(records), 1, 28, 28) and array.dtype == np.uint8
    published = np.random.default_rng(0).integers(0, 256, (60, 28, 28), np.uint8)
    validation = found["validation"]
    assert np.array_equal(np.load(validation.inputs[0].path)[:, 0], published[validation.ids])
    assert set(load(tmp_path / "mnist", "calibration").ids) == set(found["train"].ids)
    assert DATASET.info(tmp_path / "mnist") == [SplitInfo(s, len(r), 0, 0, 0) for s, r in found.items()]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (idx(np.full(20, 10, np.uint8)), "label 10 is outside of the classes"),
        (idx(np.zeros(19, np.uint8)), "19 labels for 20 images"),
        (b"", "cut off"),
    ],
)
def test_labels_that_do_not_fit(content: bytes, said: str, tmp_path: Path) -> None:
    folder = make_mnist(tmp_path / "mnist")
    (folder / f"{LABELS}.gz").write_bytes(gzip.compress(content))
    with pytest.raises(DataError, match=said):
        load(folder)
    rows = {row.split: row for row in DATASET.info(folder)}
    assert rows["test"].broken == 10_000 and said.split()[0] in rows["test"].note and rows["train"].broken == 0


def test_files_that_are_missing(tmp_path: Path) -> None:
    folder = make_mnist(tmp_path / "mnist")
    (folder / f"{LABELS}.gz").unlink()
    with pytest.raises(DataError, match=f"{LABELS}: missing"):
        load(folder)
    assert len(load(folder, "train", limit=3)) == 3
    assert {row.split: row.missing for row in DATASET.info(folder)} == {"train": 0, "validation": 0, "test": 10_000}


def test_the_four_files_are_fetched(file_server: PhysioNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mnist(file_server.folder)
    whole = {path.name: path.read_bytes() for path in file_server.folder.iterdir()}
    monkeypatch.setattr(
        dataset, "PUBLISHED", [Published(n, hashlib.md5(c).hexdigest(), len(c)) for n, c in whole.items()]
    )
    folder = tmp_path / "mnist"
    assert "4 files" in DATASET.fetch(folder, url=file_server.url)
    assert "0 files" in DATASET.fetch(folder, url=file_server.url)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole and len(load(folder)) == 20
    assert [row.missing for row in DATASET.info(folder)] == [0, 0, 0]


@pytest.mark.mnist
def test_the_published_data() -> None:
    folder = os.environ.get("EDGEBENCH_MNIST", "")
    if not folder:
        pytest.skip("EDGEBENCH_MNIST does not name a folder of MNIST")
    found = {split: load(Path(folder), split) for split in SPLITS}
    assert {s: len(r) for s, r in found.items()} == {"train": 55_000, "validation": 5_000, "test": 10_000}
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(found["test"].targets).tolist() == counts  # type: ignore[arg-type]
    assert np.load(found["train"].inputs[0].path).mean() / 255 == pytest.approx(0.1307, abs=1e-3), "the published mean"
