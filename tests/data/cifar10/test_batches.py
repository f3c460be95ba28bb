from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from small_datasets import cifar_batch, make_cifar10

from edgebench.core.errors import BadRecord, DataError
from edgebench.data.cifar10 import batches


def test_channels_rows_columns(tmp_path: Path) -> None:
    path = tmp_path / "test_batch"
    pixels = np.zeros((1, 3072), np.uint8)
    pixels[0, 1024 + 32 * 2 + 5] = 7  # green, row 2, column 5
    path.write_bytes(pickle.dumps({b"data": pixels, b"labels": [9]}, protocol=2))
    images, labels = batches.read(path)
    assert images.shape == (1, 3, 32, 32) and images[0, 1, 2, 5] == 7 and images.sum() == 7
    assert labels.tolist() == [9]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (cifar_batch(3, labels=[0, 10, 1]), "label 10 is outside of the classes"),
        (cifar_batch(3, labels=[0, -1, 1]), "label -1 is outside"),
        (cifar_batch(3, labels=[0, 10**5000, 1]), "outside of the classes"),
        (cifar_batch(3, labels=[0, "cat", 1]), "label cat is outside"),
        (cifar_batch(3, labels=[0, True, 1]), "outside"),
        (cifar_batch(3, labels=[0, 1]), "no list of 3 labels"),
        (pickle.dumps({"data": np.zeros((2, 100), np.uint8), "labels": [1, 2]}, protocol=2), "shape"),
        (pickle.dumps({"data": np.zeros((2, 3072)), "labels": [1, 2]}, protocol=2), "no array of bytes"),
        (pickle.dumps({"data": np.zeros((0, 3072), np.uint8), "labels": []}, protocol=2), "shape"),
        (pickle.dumps({"labels": [1]}, protocol=2), "no array of bytes"),
        (pickle.dumps({"data": 1, "fine_labels": []}, protocol=2), "CIFAR-100"),
        (pickle.dumps([1]), "not a batch"),
        (b"", "damaged"),
        (cifar_batch(3)[:-500], "test_batch"),
    ],
)
def test_bad_batches_are_named_in_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "test_batch"
    path.write_bytes(content)
    with pytest.raises(BadRecord, match=said) as raised:
        batches.read(path)
    assert str(raised.value).startswith(f"{path}: ") and "\n" not in str(raised.value)


def test_a_file_larger_than_any_batch(tmp_path: Path) -> None:
    path = tmp_path / "test_batch"
    with path.open("wb") as stream:
        stream.truncate(batches.LARGEST + 1)
    with pytest.raises(BadRecord, match="larger than"):
        batches.read(path)


def test_a_list_of_other_classes(tmp_path: Path) -> None:
    home = batches.home(make_cifar10(tmp_path / "data"))
    batches.check_classes(home)
    (home / "batches.meta").write_bytes(pickle.dumps({b"label_names": [b"cat", b"dog"]}, protocol=2))
    with pytest.raises(DataError, match="classes are not CIFAR-10's"):
        batches.check_classes(home)
    (home / "batches.meta").unlink()
    batches.check_classes(home)
