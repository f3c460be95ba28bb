from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from physionet import PhysioNet
from small_datasets import cifar_batch, make_cifar10, make_tar

from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest, RecordSet, SplitInfo
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.cifar10 import fetch as fetching
from edgebench.data.cifar10.dataset import DATASET
from edgebench.data.fetching.download import Published

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    return make_cifar10(tmp_path / "cifar10")


def load(folder: Path, split: Split = "test", **fields: object) -> RecordSet:
    return DATASET.load(DataRequest(split, folder, **fields))  # type: ignore[arg-type]


def pixels(records: RecordSet) -> np.ndarray:
    return np.load(records.inputs[0].path)  # type: ignore[no-any-return]


def test_splits_hold_each_image_once(folder: Path) -> None:
    found = {split: load(folder, split) for split in SPLITS}
    assert {s: len(r) for s, r in found.items()} == {"train": 180, "validation": 20, "test": 40}
    assert sorted([*found["train"].ids, *found["validation"].ids]) == [
        k * 10_000 + i for k in range(5) for i in range(40)
    ]
    for records in found.values():
        assert records.targets is not None and records.targets.dtype == np.int64 and records.task == "classification"
        (stored,) = records.inputs
        assert pixels(records).dtype == stored.storage.dtype == "uint8" and stored.storage.per_unit == 255
        assert pixels(records).shape == (len(records), *stored.spec.shape) == (len(records), 3, 32, 32)
    assert np.bincount(found["validation"].targets, minlength=10).max() <= 5  # type: ignore[arg-type]
    assert set(load(folder, "calibration").ids) == set(found["train"].ids)


def test_rows_keep_their_labels(folder: Path) -> None:
    records = load(folder, "validation")
    for image, label, number in zip(pixels(records), records.targets, records.ids, strict=True):  # type: ignore[arg-type]
        batch, row = divmod(int(number), 10_000)
        assert label == row % 10
        published = np.random.default_rng(batch).integers(0, 256, (40, 3072), np.uint8)[row]
        assert np.array_equal(image.ravel(), published)


def test_limit_takes_the_same_ones_each_time(folder: Path) -> None:
    some = load(folder, limit=7)
    assert len(some) == 7 and sorted(some.ids) == list(some.ids)
    assert np.array_equal(some.ids, load(folder, limit=7).ids) and len(load(folder, limit=99)) == 40
    assert np.array_equal(pixels(some), pixels(load(folder))[some.ids])


def test_a_batch_that_is_missing_or_damaged(folder: Path) -> None:
    home = folder / "cifar-10-batches-py"
    whole = load(folder, "validation")
    (home / "data_batch_2").unlink()
    (home / "data_batch_3").write_bytes(b"\x80\x02")
    with pytest.raises(BadRecord, match="data_batch_2: missing"):
        load(folder, "train")
    part = load(folder, "validation", skip_bad_records=True)
    assert [Path(line.partition(": ")[0]).name for line in part.dropped] == ["data_batch_2", "data_batch_3"]
    assert set(part.ids) < set(whole.ids), "the held-out images of the other batches stay the same"
    assert DATASET.info(folder) == [
        SplitInfo("train", 3 * 36 + 18_000, 9_000, 9_000, 0),
        SplitInfo("validation", 3 * 4 + 2_000, 1_000, 1_000, 0),
        SplitInfo("test", 40, 0, 0, 0),
    ]
    (home / "data_batch_3").unlink()
    assert len(load(folder, "calibration")) == 3 * 36, "a device may hold some batches only"
    (home / "test_batch").write_bytes(b"")
    with pytest.raises(DataError, match="every batch of the test split is bad"):
        load(folder, skip_bad_records=True)


def test_the_cache_never_answers_for_other_files(folder: Path, tmp_path: Path) -> None:
    first = pixels(load(folder))
    file = folder / "cifar-10-batches-py" / "test_batch"
    before = file.stat()
    content = bytearray(file.read_bytes())
    content[50_000] ^= 1  # a pixel
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert not np.array_equal(pixels(load(folder)), first)
    other = make_cifar10(tmp_path / "other")
    (other / "cifar-10-batches-py" / "test_batch").write_bytes(cifar_batch(40, seed=98))
    assert not np.array_equal(pixels(load(other)), pixels(load(folder)))


def test_folders_that_are_none(folder: Path, tmp_path: Path) -> None:
    for wrong, said in (
        (tmp_path / "no", "no such folder"),
        (tmp_path, "no test_batch"),
        (Path("a\0b"), "no such folder"),
    ):
        with pytest.raises(DataError, match=said):
            load(wrong)
    with pytest.raises(DataError, match="needs its folder"):
        DATASET.load(DataRequest("test"))
    with pytest.raises(DataError, match="unknown option 'size'"):
        load(folder, options={"size": "3"})


def test_the_archive_is_fetched_and_unpacked(
    file_server: PhysioNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_cifar10(tmp_path / "made", 4) / "cifar-10-batches-py"
    whole = {path.name: path.read_bytes() for path in home.iterdir()}
    members = [(f"cifar-10-batches-py/{name}", content) for name, content in whole.items()]
    archive = file_server.folder / "cifar-10-python.tar.gz"
    make_tar(archive, ("../out", b"evil"), ("/tmp/out", b"evil"), *members)
    content = archive.read_bytes()
    published = Published(archive.name, hashlib.md5(content).hexdigest(), len(content))
    monkeypatch.setattr(fetching, "ARCHIVE", published)
    monkeypatch.setattr(fetching.fetch, "__defaults__", (fetching.URL, published, None))
    file_server.cuts[archive.name] = 1
    folder = tmp_path / "deep" / "cifar10"
    for said in ("downloaded", "it was there"):
        assert DATASET.fetch(folder, url=file_server.url).endswith(said)
        there = {
            path.relative_to(tmp_path / "deep").as_posix() for path in tmp_path.glob("deep/**/*") if path.is_file()
        }
        assert there == {f"cifar10/{archive.name}", *(f"cifar10/cifar-10-batches-py/{name}" for name in whole)}
        assert {p.name: p.read_bytes() for p in (folder / "cifar-10-batches-py").iterdir()} == whole
        (folder / "cifar-10-batches-py" / "test_batch").unlink()
    assert len(file_server.asked(archive.name)) == 2
    with pytest.raises(DataError, match="unknown option"):
        DATASET.fetch(folder, {"folds": "1"})


@pytest.mark.cifar10
@pytest.mark.slow
def test_the_published_data() -> None:
    folder = os.environ.get("EDGEBENCH_CIFAR10", "")
    if not folder:
        pytest.skip("EDGEBENCH_CIFAR10 does not name a folder of CIFAR-10")
    found = {split: load(Path(folder), split) for split in SPLITS}
    assert {s: len(r) for s, r in found.items()} == {"train": 45_000, "validation": 5_000, "test": 10_000}
    assert np.bincount(found["test"].targets).tolist() == [1000] * 10  # type: ignore[arg-type]
    assert max(abs(np.bincount(found["validation"].targets) - 500)) <= 5  # type: ignore[arg-type]
    assert not set(found["train"].ids) & set(found["validation"].ids)
    # The published mean of each channel of the training images: 125.3, 123.0, 113.9.
    assert pixels(found["validation"]).mean((0, 2, 3)) == pytest.approx([125.3, 123.0, 113.9], abs=2)
