"""Echocardiogram videos in the layout of EchoNet-Dynamic (Ouyang et al., Nature 580, 252, 2020).

FileList.csv    FileName, EF, ESV, EDV, FrameHeight, FrameWidth, FPS, NumberOfFrames, Split (TRAIN, VAL, TEST)
Videos/*.avi
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.core.inputs import InputSpec, Storage, StoredInput
from edgebench.data import record_cache
from edgebench.data.bad_records import settle
from edgebench.data.bounded_files import is_file, require_folder
from edgebench.data.chosen_options import chosen
from edgebench.data.decoding import Decoding, decode_all, require_package
from edgebench.data.echonet import synthetic
from edgebench.data.echonet.file_list import LIMITS, SPLITS, TABLE, VIDEOS, Video, read
from edgebench.data.echonet.synthetic import MARKER
from edgebench.data.splitting import limited

PARSER = 1
SYNTHETIC = "EchoNet layout (synthetic)"
WAY = "edgebench data fetch echonet DIR says how to get EchoNet-Dynamic"
UNITS = {"EF": "%", "ESV": "mL", "EDV": "mL"}
STEPS = (
    "EchoNet-Dynamic needs a signed agreement, so it cannot be fetched: 1. register at "
    "https://stanfordaimi.azurewebsites.net, 2. open EchoNet-Dynamic there and accept its Research Use Agreement, "
    "3. download and unpack it into {directory}, so that FileList.csv and Videos/ lie there. "
    "Synthetic videos in its place: edgebench data fetch echonet {directory} --synthetic 100"
)


class EchoNet:
    """Splits by the table's column `Split`."""

    name = "echonet"
    label = "EchoNet-Dynamic"
    summary = "EchoNet-Dynamic, 10030 echocardiogram videos with ejection fractions; needs a signed agreement"
    license = "Stanford University Research Use Agreement"
    splits: Mapping[Split, str] = {"train": "TRAIN", "validation": "VAL", "test": "TEST"}
    task = "regression"
    classes: tuple[str, ...] = ("EF",)
    unit = "%"
    options: Mapping[str, Option] = {
        "frames": Option("8", "frames of a clip, evenly spaced over the whole video", low=1, high=256),
        "size": Option("112", "rows and columns of a frame, in pixels", low=8, high=512),
        "channels": Option("3", "3 for RGB, 1 for grey", words=("3", "1")),
        "target": Option("EF", "what is predicted: EF in %, ESV or EDV in mL", words=tuple(LIMITS)),
    }
    fetch_options: Mapping[str, Option] = {
        "synthetic": Option("", "draw so many synthetic videos in the same layout, instead", low=1, high=100_000),
        "seed": Option("0", "decides the synthetic videos", low=0),
    }

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the clips of one split; the first load decodes the videos and writes a cache.

        Raises DataError for a missing or malformed table and, without `skip_bad_records`, for the first video that is
        missing or broken.
        """
        folder = require_folder(self.name, request.directory, WAY)
        options = chosen(self.name, self.options, request.options)
        require_package("video", "decoding videos")
        rows, unlabelled = _select(read(folder, options["target"]), folder, request)
        files = [TABLE, MARKER, *(f"{VIDEOS}/{row.path.name}" for row in rows)]
        make = partial(self._make, request, options, rows, unlabelled, progress)
        return record_cache.load(request, self.name, (PARSER, sorted(options.items())), folder, files, make)

    def _make(
        self, request: DataRequest, options: Mapping[str, str], rows: Sequence[Video], unlabelled: int,
        progress: Progress | None, to: Path,
    ) -> RecordSet:  # fmt: skip
        channels, size = int(options["channels"]), int(options["size"])
        shape = (int(options["frames"]), channels, size, size)
        names = {"channel": ("red", "green", "blue")} if channels == 3 else {}
        spec = InputSpec(shape, ("frame", "channel", "row", "column"), names=names)
        stored = StoredInput("input", spec, Storage("uint8", 255.0), to / "input.npy")
        drawn = is_file(Path(str(request.directory)) / MARKER)
        records = RecordSet(
            self.name, SYNTHETIC if drawn else self.label, request.split, (stored,),
            np.array([[row.value] for row in rows], np.float64).reshape(-1, 1), np.array([row.name for row in rows]),
            (options["target"],), self.task, UNITS[options["target"]], unlabelled=unlabelled,
        )  # fmt: skip
        known = [row.problem or ("" if is_file(row.path) else f"{row.path}: missing") for row in rows]
        if all(known) or (any(known) and not request.skip_bad_records):
            settle(records, known, request.skip_bad_records)  # raises, before hours of decoding and not after
        # One frame less than the table says is a matter of counting.
        least = [{"least": max(row.frames - 1, 0)} for row in rows]
        found = decode_all(Decoding("video", shape), [row.path for row in rows], stored.path, least, progress)
        problems = [one or other for one, other in zip(known, found, strict=True)]
        return settle(records, problems, request.skip_bad_records)

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the videos of each split; one is broken where its file is no AVI."""
        folder = require_folder(self.name, directory, WAY)
        videos = read(folder, chosen(self.name, self.options, options)["target"])
        note = SYNTHETIC if is_file(folder / MARKER) else ""
        found = []
        for split in self.splits:
            rows = [video for video in videos if video.split == SPLITS[split]]
            states = [_state(video.path) for video in rows]
            unlabelled = sum(video.value is None or bool(video.problem) for video in rows)
            found.append(SplitInfo(split, len(rows), states.count("missing"), states.count("broken"), unlabelled, note))
        return found

    def fetch(
        self, directory: Path, options: Mapping[str, str] = NO_OPTIONS, url: str = "", progress: Progress | None = None
    ) -> str:
        """Say how to get the videos, in a DataError: their publisher wants a signed agreement; or draw synthetic ones.

        Raises DataError, MissingPackage, DiskFull.
        """
        given = chosen(self.name, self.fetch_options, options)
        if not given["synthetic"]:
            raise DataError(STEPS.format(directory=directory))
        count, seed = int(given["synthetic"]), int(given["seed"])
        synthetic.generate(directory, count, seed, progress=progress)
        return f"{count} synthetic videos in {directory}, drawn from seed {seed}: they show no patient"


def _select(videos: Sequence[Video], folder: Path, request: DataRequest) -> tuple[list[Video], int]:
    """The videos of the split in the table's order, and how many without a target were left out."""
    rows = [video for video in videos if video.split == SPLITS[request.split]]
    if not rows:
        raise DataError(f"{folder / TABLE}: no video in the {request.split} split ({SPLITS[request.split]})")
    labelled = [row for row in rows if row.value is not None]
    unlabelled = len(rows) - len(labelled)
    if not labelled:
        raise DataError(f"{folder / TABLE}: no video of the {request.split} split has a target")
    if request.keep_unlabelled and unlabelled:
        raise DataError(f"{folder / TABLE}: {unlabelled} videos have no target, which a regression cannot keep")
    if request.split == "calibration":
        # A device may hold only a part of the training videos: calibrate on those.
        labelled = [row for row in labelled if is_file(row.path) and not row.problem]
        if not labelled:
            raise DataError(f"{folder}: no video of the training split to calibrate int8 on")
    chosen_rows = limited(np.arange(len(labelled)), request.limit)
    return [labelled[row] for row in chosen_rows], unlabelled


def _state(path: Path) -> str:
    """`missing`, `broken` where the file is not the beginning of an AVI, or `whole`; only loading decodes it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except OSError:
        return "missing"
    return "whole" if head[:4] == b"RIFF" and head[8:12] == b"AVI " else "broken"


DATASET = EchoNet()
