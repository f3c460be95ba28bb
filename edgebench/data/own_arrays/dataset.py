"""The user's own arrays: an .npz file, or a folder of .npy files, with or without targets and splits.

x, y                                        split by a fixed seed: a tenth validation, a tenth test
x_train, y_train, x_test, y_test            a tenth of train is held out for validation
train_x.npy, train_y.npy, validation_x.npy, …
NAME_x.npy, NAME_y.npy                      as x, y
ids                                         optional, numbers or text
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Option, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.data import record_cache
from edgebench.data.bad_records import settle
from edgebench.data.chosen_options import chosen, listed
from edgebench.data.own_arrays.array_files import Source, files_of, sources
from edgebench.data.own_arrays.by_split import Part, parts, rows_of
from edgebench.data.own_arrays.stored import file_name, store
from edgebench.data.own_arrays.target_kinds import TASKS, Targets, names_of, targets_of
from edgebench.data.splitting import limited

PARSER = 1
WAY = "it is an .npz file with x and y, or a folder with x.npy and y.npy"


class Arrays:
    """Arrays with one row a record."""

    name = "arrays"
    label = "arrays"
    summary = "your own arrays: an .npz file with x and y, or a folder of .npy files: --data-dir FILE"
    license = "that of the arrays"
    splits: Mapping[Split, str] = {"train": "train", "validation": "validation", "test": "test"}
    task = ""
    classes: tuple[str, ...] = ()
    unit = ""
    options: Mapping[str, Option] = {
        "inputs": Option("x", "keys of the inputs, in the network's order; several separated by commas"),
        "target": Option("", "key of the targets; y without it, where there is one"),
        "task": Option("auto", "what the targets are for; auto decides by their type", TASKS),
        "classes": Option("", "names of the classes, or of the quantities of a regression, in the network's order"),
        "unit": Option("", "unit of the targets of a regression"),
        "axes": Option("", "names of a record's axes, such as channel,row,column; those of several inputs behind ';'"),
        "input_unit": Option("", "unit of the inputs' values"),
        "per_unit": Option("1", "stored number of one unit, such as 255 for bytes that mean 0 to 1"),
    }

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Return the records of one split, without targets where there are none.

        Raises DataError and, without `skip_bad_records`, for the first record with a number that is not finite.
        """
        options = chosen(self.name, self.options, request.options)
        files = files_of(_named(request.directory))
        make = partial(self._make, request, options, files)
        home, names = files[0].parent, [file.name for file in files]
        return record_cache.load(request, self.name, (PARSER, sorted(options.items())), home, names, make)

    def _make(self, request: DataRequest, options: Mapping[str, str], files: list[Path], to: Path) -> RecordSet:
        inputs, found = _found(options, files)
        split = "train" if request.split == "calibration" else request.split
        if split not in found:
            raise DataError(f"{request.directory}: no array '{inputs[0]}' for the {split} split")
        with tempfile.TemporaryDirectory(dir=to) as folder:
            return self._records(request, options, inputs, found, split, Path(folder), to)

    def _records(
        self, request: DataRequest, options: Mapping[str, str], inputs: tuple[str, ...], found: Mapping[str, Part],
        split: str, scratch: Path, to: Path,
    ) -> RecordSet:  # fmt: skip
        part = found[split]
        targets, outputs = _targets(found, part, options["task"], scratch)
        task = targets.task if targets else {"auto": ""}.get(options["task"], options["task"])
        classes = listed(options["classes"])
        if targets and part.targets:
            classes = names_of(part.targets.label, task, outputs, classes)
        rows = _rows(request, part, targets)
        stored, problems = [], [""] * len(rows)
        axes = [listed(one) for one in options["axes"].split(";")]
        for number, (key, source) in enumerate(zip(inputs, part.inputs, strict=True)):
            one, bad = store(
                key if len(inputs) > 1 else "input", source.label, source.open(scratch), rows,
                axes[number] if number < len(axes) else (), _per_unit(options["per_unit"]), options["input_unit"], to,
            )  # fmt: skip
            stored.append(one)
            problems = [before or now for before, now in zip(problems, bad, strict=True)]
        if targets and part.targets:
            label = part.targets.label
            wrong = targets.bad[rows]
            problems = [f"{label}: record {rows[i]}: target is not a finite number" if wrong[i] else p
                        for i, p in enumerate(problems)]  # fmt: skip
        directory = Path(str(request.directory))
        records = RecordSet(
            self.name, directory.resolve().stem or self.label, request.split, tuple(stored),
            targets.values[rows] if targets else None, _ids(part.ids, rows, scratch), classes, task, options["unit"],
        )  # fmt: skip
        return settle(records, problems, request.skip_bad_records)

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the records of each split."""
        given = chosen(self.name, self.options, options)
        _, found = _found(given, files_of(_named(directory)))
        result = []
        with tempfile.TemporaryDirectory() as scratch:
            for split in self.splits:
                if (part := found.get(split)) is not None:
                    targets, _ = _targets(found, part, given["task"], Path(scratch))
                    rows = _rows(DataRequest(split), part, targets)
                    broken = int(targets.bad[rows].sum()) if targets else 0
                    result.append(SplitInfo(split, len(rows), 0, broken, 0 if targets else len(rows)))
        return result


def _named(directory: Path | None) -> Path:
    if directory is None:
        raise DataError(f"arrays needs its file: pass --data-dir FILE ({WAY})")
    return directory


def _found(options: Mapping[str, str], files: list[Path]) -> tuple[tuple[str, ...], dict[str, Part]]:
    """The names of the inputs, and the arrays of each split."""
    inputs = tuple(file_name(key) for key in listed(options["inputs"]))
    if not inputs or len(set(inputs)) != len(inputs):
        raise DataError(f"arrays: inputs={options['inputs'][:40]}: name each input once")
    return inputs, parts(sources(files), inputs, options["target"] or "y", bool(options["target"]))


def _targets(found: Mapping[str, Part], part: Part, task: str, scratch: Path) -> tuple[Targets | None, int]:
    """The targets of a part, and how many outputs those of all parts need."""
    if part.targets is None:
        return None, 0
    opened: dict[Source, Targets] = {}
    for other in (part, *found.values()):
        if other.targets is not None and other.targets not in opened:
            opened[other.targets] = targets_of(other.targets.label, other.targets.open(scratch), task)
    mine = opened[part.targets]
    for source, targets in opened.items():
        if targets.task != mine.task:
            kinds = f"targets for {targets.task}, and {part.targets.label} has some for {mine.task}"
            raise DataError(f"{source.label}: {kinds}: store both as one type, or say task=NAME")
        if targets.values.shape[1:] != mine.values.shape[1:]:
            raise DataError(f"{source.label}: targets of another shape than {part.targets.label}")
    return mine, max(targets.outputs for targets in opened.values())


def _rows(request: DataRequest, part: Part, targets: Targets | None) -> NDArray[np.int64]:
    labels = targets.values if targets and targets.task == "classification" else None
    rows = limited(rows_of(part.share, part.inputs[0].shape[0], labels), request.limit)
    if not len(rows):
        raise DataError(f"{part.inputs[0].label}: no record for the {request.split} split")
    return rows


def _ids(source: Source | None, rows: NDArray[np.int64], scratch: Path) -> NDArray[np.int64] | NDArray[np.str_]:
    """The records' own ids, else their row numbers."""
    if source is None:
        return rows
    found = source.open(scratch)
    if found.ndim != 1 or found.dtype.kind not in "iuU":
        raise DataError(f"{source.label}: ids of type {found.dtype}, shape {found.shape}: give one number or text each")
    return np.asarray(found[rows]) if found.dtype.kind == "U" else np.asarray(found[rows], np.int64)


def _per_unit(text: str) -> float:
    try:
        value = float(text) if len(text) <= 20 else math.nan
    except ValueError:
        value = math.nan
    if not 0 < value < 1e12:
        raise DataError(f"arrays: per_unit={text[:30]}: must be a number above 0")
    return value


DATASET = Arrays()
