"""A dataset from the user's Python file: `path/to/file.py:dataset`.

    def dataset(split):            # "train", "validation" or "test"; or dataset(split, directory)
        return x, y                # or {"x": {"ecg": …, "age": …}, "y": …, "ids": …, "classes": …, "task": …}

It runs in a child process, on each load. The cache's key is the content of what it returned, so that the cache can
answer for nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core import user_code
from edgebench.core.contracts import Progress, Split
from edgebench.core.datasets import NO_OPTIONS, DataRequest, Dataset, Option, RecordSet, SplitInfo
from edgebench.core.errors import DataError
from edgebench.core.files import disk_full_at, sha256
from edgebench.data import cache, record_cache
from edgebench.data.bad_records import settle
from edgebench.data.chosen_options import chosen
from edgebench.data.own_arrays.stored import file_name, store
from edgebench.data.own_arrays.target_kinds import TASKS, names_of, targets_of
from edgebench.data.splitting import limited
from edgebench.isolation.process import ChildError, ask

CHILD = "edgebench.data.own_child"
TIMEOUT_S = 3600.0
"""The user's function may fetch or decode much on its first call."""
PARSER = 1


class OwnDataset:
    """What a function of the user's returns."""

    summary = "a dataset from a Python file: path/to/file.py:FUNCTION"
    license = "that of the data"
    splits: Mapping[Split, str] = {"train": "train", "validation": "validation", "test": "test"}
    task = ""
    classes: tuple[str, ...] = ()
    unit = ""
    options: Mapping[str, Option] = {}

    def __init__(self, spec: str, path: Path, function: str) -> None:
        self.name, self.label = spec, path.stem
        self._path, self._function = path, function

    def load(self, request: DataRequest, progress: Progress | None = None) -> RecordSet:
        """Call the function and return the records of one split; raises DataError."""
        chosen(self.name, self.options, request.options)
        home = record_cache.scratch_home()
        with disk_full_at(home), tempfile.TemporaryDirectory(prefix=cache.WORK, dir=home) as scratch:
            folder = Path(scratch)
            said = self._ask(request, folder)
            if said["inputs"] is None:
                raise DataError(f"{self.name}: returns nothing for the {request.split} split")
            content = [(file.name, sha256(file)) for file in sorted(folder.iterdir())]
            name = record_cache.key(
                self.label, request.split, PARSER, self.name, content, sorted(said.items()), request.limit,
                request.skip_bad_records,
            )  # fmt: skip
            return record_cache.open_or_make(lambda: name, lambda to: self._make(request, said, folder, to))

    def _ask(self, request: DataRequest, folder: Path) -> dict[str, Any]:
        """What the child wrote into the folder."""
        user_code.require_trust(self._path, DataError)
        question = {
            "spec": self.name, "file": str(self._path.resolve()), "name": self._function, "folder": str(folder),
            "split": "train" if request.split == "calibration" else request.split,
            "directory": str(request.directory or ""),
        }  # fmt: skip
        try:
            answers = list(ask(CHILD, question, TIMEOUT_S))
        except ChildError as failure:
            raise DataError(f"{self.name}: {failure}") from None
        if not answers or "error" in answers[0]:
            raise DataError(answers[0]["error"] if answers else f"{self.name}: ended without an answer")
        return answers[0]

    def _make(self, request: DataRequest, said: Mapping[str, Any], folder: Path, to: Path) -> RecordSet:
        names = [file_name(name) for name in said["inputs"]]
        arrays = [np.load(folder / f"input-{i}.npy", mmap_mode=None, allow_pickle=False) for i in range(len(names))]
        count = len(arrays[0]) if arrays else 0
        found = {key: np.load(folder / f"{key}.npy", allow_pickle=False) for key in ("y", "ids") if _there(said, key)}
        for key, array in (*zip(names, arrays, strict=True), *found.items()):
            if len(array) != count:
                raise DataError(f"{self.name}: {key} has {len(array)} rows, where {names[0]} has {count}")
        if not count:
            raise DataError(f"{self.name}: returns no record for the {request.split} split")
        if said["task"] not in TASKS:
            raise DataError(f"{self.name}: task '{said['task'][:40]}'; choose {', '.join(TASKS)}")
        rows = limited(np.arange(count), request.limit)
        stored, problems = [], [""] * len(rows)
        for name, array in zip(names, arrays, strict=True):
            one, bad = store(name, f"{self.name}: {name}", array, rows, (), 1.0, "", to)
            stored.append(one)
            problems = [before or now for before, now in zip(problems, bad, strict=True)]
        task, classes, targets = {"auto": ""}.get(said["task"], said["task"]), tuple(said["classes"]), None
        if "y" in found:
            kind = targets_of(f"{self.name}: y", found["y"], said["task"])
            if kind.task == "classification" and not classes:  # one split need not have them all
                raise DataError(
                    f'{self.name}: y has classes; return their names, too: "classes": range({kind.outputs})'
                )
            task, targets = kind.task, kind.values[rows]
            classes = names_of(f"{self.name}: y", task, kind.outputs, classes)
            problems = [
                f"{self.name}: record {row}: target is not a finite number" if kind.bad[row] else problem
                for row, problem in zip(rows, problems, strict=True)
            ]
        ids = found.get("ids", np.arange(count))
        if ids.ndim != 1 or ids.dtype.kind not in "iuU":
            raise DataError(f"{self.name}: ids of type {ids.dtype}; return one number or text each")
        chosen_ids = ids[rows] if ids.dtype.kind == "U" else ids[rows].astype(np.int64)
        records = RecordSet(
            self.label, self.label, request.split, tuple(stored), targets, chosen_ids, classes, task, said["unit"]
        )
        return settle(records, problems, request.skip_bad_records)

    def info(self, directory: Path | None, options: Mapping[str, str] = NO_OPTIONS) -> list[SplitInfo]:
        """Count the records that the function returns for each split."""
        chosen(self.name, self.options, options)
        found = []
        for split in self.splits:
            with tempfile.TemporaryDirectory() as scratch:
                said = self._ask(DataRequest(split, directory), Path(scratch))
                if said["inputs"]:
                    count = len(np.load(Path(scratch) / "input-0.npy", mmap_mode="r", allow_pickle=False))
                    found.append(SplitInfo(split, count, 0, 0, 0 if said["targets"] else count))
        return found


def _there(said: Mapping[str, Any], key: str) -> bool:
    return bool(said["targets" if key == "y" else "ids"])


def source(spec: str) -> Dataset:
    """A dataset from a Python file: path/to/file.py:FUNCTION.

    Nothing is run yet. Raises DataError where the file does not exist.
    """
    path, function = user_code.split(spec, "dataset", DataError)
    return OwnDataset(spec, path, function)
