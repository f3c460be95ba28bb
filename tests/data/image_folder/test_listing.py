from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.errors import DataError
from edgebench.data.image_folder.listing import read


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def splits(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for image in read(folder).images:
        found.setdefault(image.split, []).append(image.name)
    return found


def test_folders_of_all_three_splits(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "train/b/1.jpg",
        "train/a/2.PNG",
        "Val/a/3.jpg",
        "test/b/deep/4.jpeg",
        "test/b/notes.txt",
        "test/b/.5.jpg",
    )
    listing = read(tmp_path)
    assert listing.classes == ("a", "b")
    assert [(i.name, i.label, i.split) for i in listing.images] == [
        ("Val/a/3.jpg", 0, "validation"), ("test/b/deep/4.jpeg", 1, "test"), ("train/a/2.PNG", 0, "train"),
        ("train/b/1.jpg", 1, "train"),
    ]  # fmt: skip


def test_one_folder_a_class_is_split_by_each_path(tmp_path: Path) -> None:
    names = [f"{label}/{i}.jpg" for label in ("cat", "dog") for i in range(300)]
    found = splits(touch(tmp_path / "a", *names))
    counts = {split: len(images) for split, images in found.items()}
    assert sum(counts.values()) == 600 and 420 < counts["train"] < 540
    assert 30 < counts["test"] < 95 and 30 < counts["validation"] < 95
    more = splits(touch(tmp_path / "b", *names, "cat/new.jpg", "emu/1.jpg"))
    assert all(set(found[split]) <= set(more[split]) for split in found), "a new image moves no other"


def test_validation_and_test_where_one_is_missing(tmp_path: Path) -> None:
    train = [f"train/a/{i}.jpg" for i in range(200)]
    found = splits(touch(tmp_path / "a", *train, "test/a/x.jpg"))
    assert found["test"] == ["test/a/x.jpg"] and 5 < len(found["validation"]) < 40 and len(found["train"]) > 150
    found = splits(touch(tmp_path / "b", *train, "val/a/x.jpg"))
    assert found["test"] == ["val/a/x.jpg"] and 5 < len(found["validation"]) < 40
    assert splits(touch(tmp_path / "c", "test/a/x.jpg")) == {"test": ["test/a/x.jpg"]}


def test_train_may_be_a_class(tmp_path: Path) -> None:
    names = [f"{label}/{i}.jpg" for label in ("bus", "train") for i in range(3)]
    assert read(touch(tmp_path / "a", *names)).classes == ("bus", "train")
    with pytest.raises(DataError, match="is train a split, or a class like bus"):
        read(touch(tmp_path / "b", "bus/1.jpg", "train/old/1.jpg"))


def test_loose_images_belong_to_no_class(tmp_path: Path) -> None:
    listing = read(touch(tmp_path, "train/a/1.jpg", "train/2.jpg", "test/a/3.jpg", "val/a/4.jpg", "0.jpg"))
    assert [(i.name, i.label, i.split) for i in listing.loose] == [("train/2.jpg", -1, "train")]


def test_classes_of_the_network(tmp_path: Path) -> None:
    touch(tmp_path, "cat/1.jpg", "dog/1.jpg")
    assert [i.label for i in read(tmp_path, ("emu", "dog", "cat")).images] == [2, 1]
    with pytest.raises(DataError, match="folder 'dog' is none of the 2 classes"):
        read(tmp_path, ("cat", "emu"))
    for wrong in (("cat", "dog", "cat"), ("cat", "", "dog")):
        with pytest.raises(DataError, match="name each class once"):
            read(tmp_path, wrong)
    (tmp_path / "bee").mkdir()
    assert read(tmp_path, ("bee", "cat", "dog")).classes == ("bee", "cat", "dog")
    with pytest.raises(DataError, match="bee: has no image"):
        read(tmp_path)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    for names, said in (
        (("train/a/1.jpg", "test/b/1.jpg"), "class 'b' is not in train"),
        (("train/a/1.jpg", "training/a/1.jpg"), "both train and training"),
        (("val/a/1.jpg", "dev/a/1.jpg"), "could be the validation split"),
    ):
        folder = touch(tmp_path / said[:5], *names)
        with pytest.raises(DataError, match=said):
            read(folder)
    with pytest.raises(DataError, match="cannot be listed"):
        read(tmp_path / "nothing")


def test_a_folder_that_holds_itself_ends(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert [image.name for image in read(tmp_path).images] == ["a/1.jpg"]
