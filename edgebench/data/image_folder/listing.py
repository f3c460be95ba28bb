"""Which images a folder has: one folder a class, with or without folders for train, val and test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgebench.core.errors import DataError
from edgebench.core.problems import shown
from edgebench.data.splitting import TEST_SHARE, VALIDATION_SHARE, share_of

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
NAMES = {
    "train": ("train", "training"), "validation": ("val", "valid", "validation", "dev"), "test": ("test", "testing"),
}  # fmt: skip
"""Names of the folders of each split, in any case."""
MOST = 5_000_000
"""Files of a folder; a larger one is no folder of images, or holds itself by a link."""


@dataclass(frozen=True)
class Image:
    """One image."""

    name: str
    """Path inside the folder, with `/`; it is the image's id."""
    label: int
    """Number of its class; -1 where it lies in no class's folder."""
    split: str


@dataclass(frozen=True)
class Listing:
    """All images of a folder, in the order of their names."""

    directory: Path
    classes: tuple[str, ...]
    images: tuple[Image, ...]
    loose: tuple[Image, ...]
    """Images that lie in no class's folder."""


def read(directory: Path, classes: tuple[str, ...] = ()) -> Listing:
    """List a folder; `classes` are the network's, in its order, where they are not the folders' sorted names.

    With folders for train and val alone, val is the test set and validation is held out of train by a hash of each
    image's path; without such folders, so are both. Raises DataError.
    """
    splits = _split_folders(directory)
    roots = {split: directory / name for split, name in splits.items()} or {"": directory}
    if len(set(classes)) != len(classes) or not all(classes):
        raise DataError(f"image-folder: classes={','.join(classes)[:60]}: name each class once")
    found: list[tuple[str, str, str]] = []
    loose: list[Image] = []
    for split, root in roots.items():
        for entry in _sorted(root):
            inside = entry.name if not split else f"{root.name}/{entry.name}"
            if entry.is_dir():
                images = _images(Path(entry.path))
                if not images and not classes:  # leaving it out would give the classes after it other numbers
                    raise DataError(f"{entry.path}: has no image: delete it, or name all classes: classes=A,B")
                found += [(split, entry.name, f"{inside}/{name}") for name in images]
            elif _is_image(entry):
                loose.append(Image(inside, -1, _split(split, inside, splits)))
    names = sorted({label for _, label, _ in found})
    if classes and (other := [name for name in names if name not in classes]):
        raise DataError(f"{directory}: folder {shown(other[0])} is none of the {len(classes)} classes")
    known = tuple(classes or names)
    if "train" in splits and not classes:
        trained = {label for split, label, _ in found if split == "train"}
        if other := [name for name in names if name not in trained]:
            raise DataError(
                f"{directory}: class {shown(other[0])} is not in {splits['train']}: name all by classes=A,B,…"
            )
    number = {label: index for index, label in enumerate(known)}
    listed = sorted(
        (Image(name, number[label], _split(split, name, splits)) for split, label, name in found),
        key=lambda image: image.name,
    )
    return Listing(directory, known, tuple(listed), tuple(loose))


def _split_folders(directory: Path) -> dict[str, str]:
    """The folder of each split; empty where the folder has none.

    `train` may well be a class, so a split's folder holds folders, and none of the folders beside it holds images.
    """
    there = [entry.name for entry in _sorted(directory) if entry.is_dir()]
    found: dict[str, str] = {}
    for split, known in NAMES.items():
        named = [n for n in there if n.lower() in known and any(e.is_dir() for e in _sorted(directory / n))]
        if len(named) > 1:
            raise DataError(f"{directory}: both {named[0]} and {named[1]} could be the {split} split")
        if named:
            found[split] = named[0]
    beside = [name for name in there if name not in found.values()]
    if found and (like := next((n for n in beside if any(_is_image(e) for e in _sorted(directory / n))), None)):
        raise DataError(
            f"{directory}: is {next(iter(found.values()))} a split, or a class like {like}? Move one of them"
        )
    return found


def _split(split: str, name: str, splits: dict[str, str]) -> str:
    """The split of an image, whose folder's split is empty where there are no such folders."""
    if split == "validation" and "test" not in splits:
        return "test"
    if split == "train" and not ("validation" in splits and "test" in splits):
        return "validation" if share_of(name) < VALIDATION_SHARE else "train"
    if split:
        return split
    share = share_of(name)
    return "test" if share < TEST_SHARE else "validation" if share < TEST_SHARE + VALIDATION_SHARE else "train"


def _is_image(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(SUFFIXES) and entry.is_file()


def _sorted(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed ({error.strerror})") from None


def _images(folder: Path) -> list[str]:
    """Paths of all images below a class's folder, relative to it; links to folders are not followed."""
    found: list[str] = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        home = Path(root).relative_to(folder)
        found += [(home / f).as_posix() for f in files if f.lower().endswith(SUFFIXES) and not f.startswith(".")]
        if len(found) > MOST:
            raise DataError(f"{folder}: more than {MOST:,} images")
    return found
