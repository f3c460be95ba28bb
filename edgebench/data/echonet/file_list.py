"""FileList.csv of EchoNet-Dynamic: which videos there are, their splits and what was measured in them."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from edgebench.core.errors import DataError
from edgebench.core.problems import shown
from edgebench.data import bounded_files

TABLE = "FileList.csv"
VIDEOS = "Videos"
SPLITS = {"train": "TRAIN", "validation": "VAL", "test": "TEST", "calibration": "TRAIN"}
LIMITS = {"EF": (0.0, 100.0), "ESV": (0.0, math.inf), "EDV": (0.0, math.inf)}
"""The columns that can be the target, and what their values lie between."""
LARGEST = 64 * 2**20
"""Bytes of the table: the published one has 1 MB."""


@dataclass(frozen=True)
class Video:
    """One row."""

    name: str
    """Without its suffix."""
    path: Path
    split: str
    """TRAIN, VAL or TEST."""
    value: float | None
    """The target; None where the cell is empty."""
    frames: int
    """How many the table says that the video has; 0 where it does not say."""
    problem: str
    """Why the target cannot be used; empty where it can."""


def read(directory: Path, target: str = "EF") -> list[Video]:
    """The rows of the table; raises DataError with one line for a table that is missing or malformed."""
    path = directory / TABLE
    if not bounded_files.is_file(path):
        raise DataError(
            f"{directory}: no {TABLE} there; edgebench data fetch echonet DIR says how to get EchoNet-Dynamic"
        )
    try:
        text = bounded_files.read(path, LARGEST).decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [name.strip() for name in next(rows, [])]
        columns = {name: _column(path, header, name) for name in ("FileName", target, "Split")}
        frames = header.index("NumberOfFrames") if header.count("NumberOfFrames") == 1 else None
        found = []
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(header):
                raise DataError(
                    f"{path}: line {rows.line_num} has {len(cells)} cells where the header has {len(header)}"
                )
            line = {name: cells[at].strip() for name, at in columns.items()}
            found.append(_video(path, line, target, "" if frames is None else cells[frames].strip()))
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text") from None
    except csv.Error as error:
        raise DataError(f"{path}: not a readable CSV file ({error})") from None
    _check_names(path, found)
    return found


def _column(path: Path, header: list[str], name: str) -> int:
    if header.count(name) != 1:
        what = "no column" if name not in header else "more than one column"
        raise DataError(f"{path}: {what} '{name}'; EchoNet-Dynamic's table has FileName, EF, ESV, EDV, …, Split")
    return header.index(name)


def _video(path: Path, line: dict[str, str], target: str, frames: str) -> Video:
    name = line["FileName"]
    stem = name.removesuffix(".avi")
    if not stem or stem in (".", "..") or "/" in name or "\\" in name or "\0" in name or not name.isprintable():
        raise DataError(f"{path}: FileName {shown(name)} is not the name of a file in {VIDEOS}")
    split = line["Split"].upper()
    if split not in SPLITS.values():
        raise DataError(f"{path}: {shown(name)}: Split {shown(line['Split'])}; expected TRAIN, VAL or TEST")
    value, problem = _value(line[target], target)
    video = path.parent / VIDEOS / f"{stem}.avi"
    whole = frames.split(".")[0] if frames.endswith(".0") else frames
    count = int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 8 else 0
    return Video(stem, video, split, value, count, f"{path}: {stem}: {problem}" if problem else "")


def _value(text: str, target: str) -> tuple[float | None, str]:
    """The number of a cell and its problem."""
    if not text:
        return None, ""
    low, high = LIMITS[target]
    try:
        value = float(text)
    except ValueError:
        return 0.0, f"{target} {shown(text)} is not a number"
    if not math.isfinite(value):
        return 0.0, f"{target} {shown(text)} is not a finite number"
    if not low <= value <= high:
        return 0.0, f"{target} {shown(text)} is not {f'from {low:g} to {high:g}' if high < math.inf else 'above 0'}"
    return value, ""


def _check_names(path: Path, videos: list[Video]) -> None:
    seen: set[str] = set()
    for video in videos:
        if video.name in seen:
            raise DataError(f"{path}: {shown(video.name)} is there twice")
        seen.add(video.name)
