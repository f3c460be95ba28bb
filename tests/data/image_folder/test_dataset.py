from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from small_datasets import write_image

from edgebench.core.datasets import DataRequest, RecordSet, SplitInfo
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.image_folder.dataset import DATASET


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for split in ("train", "val", "test"):
        for label, value in (("cat", 40), ("dog", 200)):
            for i in range(2):
                write_image(tmp_path / "pets" / split / label / f"{i}.png", value=value + i)
    return tmp_path / "pets"


def load(folder: Path, **fields: object) -> RecordSet:
    return DATASET.load(DataRequest(**{"split": "test", "directory": folder, **fields}))  # type: ignore[arg-type]


def pixels(records: RecordSet) -> np.ndarray:
    return np.load(records.inputs[0].path)  # type: ignore[no-any-return]


def test_images_of_their_own_size(folder: Path) -> None:
    records = load(folder)
    assert (records.label, records.classes, records.task) == ("pets", ("cat", "dog"), "classification")
    assert records.ids.tolist() == ["test/cat/0.png", "test/cat/1.png", "test/dog/0.png", "test/dog/1.png"]
    assert records.targets is not None and records.targets.tolist() == [0, 0, 1, 1]
    assert records.inputs[0].spec.shape == (3, 10, 12) and pixels(records)[:, :, 0, 0].tolist() == [
        [40, 20, 0], [41, 20, 0], [200, 100, 0], [201, 100, 0]
    ]  # fmt: skip
    assert load(folder, split="calibration").ids.tolist() == load(folder, split="train").ids.tolist()
    assert len(load(folder, limit=3)) == 3
    assert DATASET.info(folder) == [SplitInfo(s, 4, 0, 0, 0) for s in ("train", "validation", "test")]


def test_options(folder: Path) -> None:
    assert pixels(load(folder, options={"size": "8"})).shape == (4, 3, 8, 8)
    assert pixels(load(folder, options={"size": "4x6", "fit": "squash"})).shape == (4, 3, 4, 6)
    assert pixels(load(folder, options={"channels": "1"})).shape == (4, 1, 10, 12)
    named = load(folder, options={"classes": "emu,dog,cat"})
    assert (
        named.targets is not None and named.targets.tolist() == [2, 2, 1, 1] and named.classes == ("emu", "dog", "cat")
    )
    for wrong in ("0", "x", "8x8x8", "5000", "-1", "9" * 400, "8x", "²"):
        with pytest.raises(DataError, match="give pixels"):
            load(folder, options={"size": wrong})


def test_images_of_mixed_size_need_one(folder: Path) -> None:
    write_image(folder / "test" / "dog" / "0.png", size=(20, 20))
    with pytest.raises(BadRecord, match=r"20x20 where others have 10x12 .*size="):
        load(folder)
    assert len(load(folder, options={"size": "8"})) == 4


def test_images_that_do_not_decode(folder: Path) -> None:
    home = folder / "test"
    (home / "cat" / "0.png").write_bytes(b"no image")
    (home / "dog" / "1.png").write_bytes((home / "dog" / "0.png").read_bytes()[:45])
    (home / "dog" / "2.png").touch()
    (home / "loose.png").touch()
    with pytest.raises(BadRecord, match=r"cat/0\.png: not an image.*\(and 2 more"):
        load(folder)
    records = load(folder, skip_bad_records=True)
    assert records.ids.tolist() == ["test/cat/1.png", "test/dog/0.png"] and len(records.dropped) == 3
    assert records.unlabelled == 1 and len(pixels(records)) == 2
    with pytest.raises(DataError, match="1 images have no class"):
        load(folder, keep_unlabelled=True)
    assert DATASET.info(folder)[2] == SplitInfo("test", 6, 0, 1, 1, "in no class's folder: test/loose.png")
    for path in home.glob("*/*.png"):
        path.write_bytes(b"")
    for options in ({}, {"size": "8"}):
        with pytest.raises(DataError, match=r"not an image|every record of the test split is bad"):
            load(folder, skip_bad_records=True, options=options)


def test_the_cache_never_answers_for_other_images(folder: Path) -> None:
    first = pixels(load(folder))
    path = folder / "test" / "cat" / "0.png"
    before = path.stat()
    write_image(path, value=99)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert pixels(load(folder))[0, 0, 0, 0] == 99 != first[0, 0, 0, 0]
    path.rename(folder / "test" / "dog" / "7.png")
    moved = load(folder)
    assert moved.targets is not None and moved.targets.tolist() == [0, 1, 1, 1]


def test_folders_without_images(tmp_path: Path) -> None:
    write_image(tmp_path / "flat" / "1.png")
    (tmp_path / "empty").mkdir()
    for name, said in (
        ("flat", "lies in no class's folder"),
        ("empty", "no image in the test split"),
        ("no", "no such folder"),
    ):
        with pytest.raises(DataError, match=said):
            load(tmp_path / name)
