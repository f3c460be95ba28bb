"""Decodes many image or video files in child processes: one that crashes or hangs costs its own file only."""

from __future__ import annotations

import itertools
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, MissingPackage
from edgebench.data.record_cache import new_file
from edgebench.isolation.process import ChildError, ask, end_children

WORKER = "edgebench.data.decode_worker"
TIMEOUT_S = 60.0
"""What one file may take, the start of its process included."""
LOST = 50
"""Files that may crash their process or hang; more of them are no single damaged files."""
LOOKED_AT = 64
"""Images whose headers say which size most have."""
FEW = 16
"""Files that are not worth a second process."""
PACKAGES = {"video": ("av", "video"), "image": ("PIL", "image")}
"""What each kind imports, and the extra that installs it."""


@dataclass(frozen=True)
class Decoding:
    """How to make one record of a file."""

    kind: Literal["video", "image"]
    shape: tuple[int, ...]
    """Of one record, uint8: (frame, channel, row, column) or (channel, row, column)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What `decode_worker` takes for this kind."""
    timeout_s: float = TIMEOUT_S


def require_package(kind: str, purpose: str) -> None:
    """Raise MissingPackage where the library that decodes such files is not installed."""
    package, extra = PACKAGES[kind]
    if find_spec(package) is None:
        raise MissingPackage(package, extra, purpose)


def decode_all(
    decoding: Decoding, files: Sequence[Path], output: Path, given: Sequence[Mapping[str, Any]] = (),
    progress: Progress | None = None,
) -> list[str]:  # fmt: skip
    """Decode files into `output` (.npy, uint8, shape (files, *shape)), in their order.

    `given` has further options of each file. Returns one text a file: empty, or why it cannot be read (its row is then
    zero). Raises DataError where too many files end their process, DiskFull.
    """
    new_file(output, np.uint8, (len(files), *decoding.shape))
    problems = [""] * len(files)
    todo = [(row, str(path), dict(given[row]) if given else {}) for row, path in enumerate(files)]
    workers = min(len(os.sched_getaffinity(0)), -(-len(files) // FEW)) if files else 0
    lost, done, stopped = itertools.count(1), itertools.count(1), threading.Event()
    lock = threading.Lock()

    def work(part: list[tuple[int, str, dict[str, Any]]]) -> None:
        while part and not stopped.is_set():
            ended = 0
            try:
                for row, problem in _answers(decoding, part, output):
                    problems[row] = problem
                    ended += 1
                    with lock:
                        if progress:
                            progress(next(done), len(files))
                    if stopped.is_set():
                        return
            except ChildError as failure:
                row, path, _ = part[ended]
                problems[row] = f"{path}: decoding it failed ({failure})"
                ended += 1
                if next(lost) > LOST:
                    raise DataError(f"decoding fails over and over; the last: {problems[row]}") from None
            part = part[ended:]

    if workers:
        with ThreadPoolExecutor(workers) as pool:
            waiting = [pool.submit(work, todo[start::workers]) for start in range(workers)]
            try:
                for future in as_completed(waiting):
                    future.result()
            except BaseException:
                stopped.set()
                end_children()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    return problems


def _answers(
    decoding: Decoding, part: list[tuple[int, str, dict[str, Any]]], output: Path
) -> Iterator[tuple[int, str]]:
    """Row and problem of each file of a part, from one process; raises ChildError if it ends before the last."""
    request = {
        "kind": decoding.kind, "shape": list(decoding.shape), "options": dict(decoding.options),
        "output": str(output), "files": part,
    }  # fmt: skip
    quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    rows = iter(part)
    for answer in ask(WORKER, request, decoding.timeout_s, quiet):
        if "problem" in answer:
            yield next(rows)[0], str(answer["problem"])
    if next(rows, None) is not None:
        raise ChildError("its process ended early")


def image_size(files: Sequence[Path]) -> tuple[int, int]:
    """Rows and columns of most images among files that are spread evenly; raises DataError where no file is one."""
    step = max(1, -(-len(files) // LOOKED_AT))
    rest = [file for row, file in enumerate(files) if row % step]
    for start in range(0, len(files), LOOKED_AT):
        sizes = Counter(_sizes([*files[::step], *rest][start : start + LOOKED_AT]))
        if sizes:
            return sizes.most_common(1)[0][0]
    raise DataError(f"{files[0]}: not an image, and neither is any other of the {len(files)} files")


def _sizes(files: Sequence[Path]) -> Iterator[tuple[int, int]]:
    """Rows and columns of each file that is an image, up to one that crashes its process or hangs."""
    part: list[Any] = [(row, str(path), {}) for row, path in enumerate(files)]
    request = {"kind": "size", "shape": [], "options": {}, "output": "", "files": part}
    with suppress(ChildError):
        for answer in ask(WORKER, request, TIMEOUT_S):
            if size := answer.get("size"):
                yield int(size[0]), int(size[1])
