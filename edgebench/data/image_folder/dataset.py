"""Images in folders: one folder a class, with or without folders for train, val and test."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.core.inputs import InputSpec, Storage, StoredInput
from edgebench.data import record_cache
from edgebench.data.bad_records import settle
from edgebench.data.bounded_files import require_folder
from edgebench.data.chosen_options import chosen, listed
from edgebench.data.decoding import Decoding, decode_all, image_size, require_package
from edgebench.data.image_folder.listing import Image, Listing, read
from edgebench.data.splitting import limited

PARSER = 1
WAY = "it has one folder a class, such as DIR/cat/1.jpg, or DIR/train/cat/1.jpg"
LARGEST_SIDE = 4096


class ImageFolder:
    """The user's own images."""

    name = "image-folder"
    label = "image folder"
    summary = "your own images: one folder a class, with or without train, val and test: --data-dir DIR"
    license = "that of the images"
    splits: Mapping[Split, str] = {"train": "train", "validation": "validation", "test": "test"}
    task = "classification"
    classes: tuple[str, ...] = ()
    unit = ""
    options: Mapping[str, Option] = {
        "size": Option("", "pixels of a side, such as 224, or ROWSxCOLUMNS; without it all must have one size"),
        "fit": Option(
            "crop", "crop the middle of the image, scaled to cover the size; or squash it into it", ("crop", "squash")
        ),
        "crop": Option("100", "percent of the scaled image's shorter side that is kept", low=10, high=100),
        "interpolation": Option("bilinear", "how images are scaled", ("bilinear", "bicubic")),
        "channels": Option("3", "3 for RGB, 1 for grey", ("3", "1")),
        "classes": Option("", "names of the network's classes in its order; without it the folders' sorted names"),
    }

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the images of one split; the first load decodes them and writes a cache.

        Raises DataError and, without `skip_bad_records`, for the first image that does not decode.
        """
        folder = require_folder(self.name, request.directory, WAY)
        options = chosen(self.name, self.options, request.options)
        size = _size(options["size"])
        require_package("image", "decoding images")
        listing = read(folder, listed(options["classes"]))
        images, unlabelled = _select(listing, request)
        make = partial(self._make, request, options, size, listing, images, unlabelled, progress)
        labels = [image.label for image in images]
        parts = (PARSER, sorted(options.items()), listing.classes, labels, unlabelled)
        return record_cache.load(request, self.name, parts, folder, [image.name for image in images], make)

    def _make(
        self, request: DataRequest, options: Mapping[str, str], size: tuple[int, int] | None, listing: Listing,
        images: list[Image], unlabelled: int, progress: Progress | None, to: Path,
    ) -> RecordSet:  # fmt: skip
        channels, files = int(options["channels"]), [listing.directory / image.name for image in images]
        rows, columns = size or image_size(files)
        if max(rows, columns) > LARGEST_SIDE:
            raise DataError(f"{files[0]}: {rows}x{columns} pixels: give a size, such as size=224")
        names = {"channel": ("red", "green", "blue")} if channels == 3 else {}
        spec = InputSpec((channels, rows, columns), ("channel", "row", "column"), names=names)
        stored = StoredInput("input", spec, Storage("uint8", 255.0), to / "input.npy")
        how = {
            "fit": options["fit"] if size else "", "crop": int(options["crop"]),
            "interpolation": options["interpolation"],
        }  # fmt: skip
        problems = decode_all(Decoding("image", spec.shape, how), files, stored.path, progress=progress)
        records = RecordSet(
            self.name, listing.directory.resolve().name or self.label, request.split, (stored,),
            np.array([image.label for image in images], np.int64), np.array([image.name for image in images]),
            listing.classes, self.task, unlabelled=unlabelled,
        )  # fmt: skip
        return settle(records, problems, request.skip_bad_records)

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the images of each split; one is broken where its file is empty."""
        folder, given = require_folder(self.name, directory, WAY), chosen(self.name, self.options, options)
        listing = read(folder, listed(given["classes"]))
        found = []
        for split in self.splits:
            names = [image.name for image in listing.images if image.split == split]
            loose = [image.name for image in listing.loose if image.split == split]
            sizes = [_bytes(folder / name) for name in names]
            note = f"in no class's folder: {loose[0]}" if loose else ""
            count = len(names) + len(loose)
            found.append(SplitInfo(split, count, sizes.count(None), sizes.count(0), len(loose), note))
        return found


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(
        p.isascii() and p.isdigit() and len(p) < 5 and 1 <= int(p) <= LARGEST_SIDE for p in parts
    ):
        raise DataError(f"image-folder: size={text[:40]}: give pixels, such as 224 or 224x320, at most {LARGEST_SIDE}")
    return int(parts[0]), int(parts[-1])


def _select(listing: Listing, request: DataRequest) -> tuple[list[Image], int]:
    """The images of the split, and how many without a class were left out."""
    split = "train" if request.split == "calibration" else request.split
    images = [image for image in listing.images if image.split == split]
    if not images and listing.loose and not listing.images:
        raise DataError(f"{listing.directory}: {listing.loose[0].name} lies in no class's folder; {WAY}")
    if not images:
        raise DataError(f"{listing.directory}: no image in the {split} split; {WAY}")
    loose = sum(image.split == split for image in listing.loose)
    if loose and request.keep_unlabelled:
        raise DataError(f"{listing.directory}: {loose} images have no class, which a classification cannot keep")
    return [images[row] for row in limited(np.arange(len(images)), request.limit)], loose


def _bytes(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


DATASET = ImageFolder()
