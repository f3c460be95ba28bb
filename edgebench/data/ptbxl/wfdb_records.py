"""Parse many WFDB records in parallel into one memory-mapped array of int16 microvolts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress
from edgebench.core.errors import BadRecord
from edgebench.data.signals import LEADS

CHUNK = 128


def parse_all(
    paths: Sequence[Path], rate_hz: int, samples: int, output: Path, progress: Progress | None = None
) -> list[str]:
    """Parse records into `output` (.npy, int16 microvolts, shape (records, 12, samples)), in their order.

    Returns one text a record: empty, or why the record is bad (its row is then zero).
    """
    shape = (len(paths), len(LEADS), samples)
    np.lib.format.open_memmap(output, mode="w+", dtype=np.int16, shape=shape).flush()
    if hasattr(os, "posix_fallocate"):
        # The file is sparse so far: writing into it on a full disk would end the process by SIGBUS, not by an error.
        with output.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, output.stat().st_size)
    problems = [""] * len(paths)
    if len(paths) <= CHUNK:
        return _parse_chunk(0, list(paths), rate_hz, samples, output)[1]
    # joblib's loky: no fork (torch's threads hold locks), and no need for a __main__ guard in the caller's script.
    from joblib import Parallel, delayed

    starts = range(0, len(paths), CHUNK)
    tasks = (delayed(_parse_chunk)(i, list(paths[i : i + CHUNK]), rate_hz, samples, output) for i in starts)
    done = 0
    for start, found in Parallel(n_jobs=-1, return_as="generator_unordered")(tasks):
        problems[start : start + len(found)] = found
        done += len(found)
        if progress:
            progress(done, len(paths))
    return problems


def _parse_chunk(start: int, paths: list[Path], rate_hz: int, samples: int, output: Path) -> tuple[int, list[str]]:
    found = [""] * len(paths)
    signals = np.load(output, mmap_mode="r+")
    for row, path in enumerate(paths):
        try:
            signals[start + row] = parse(path, rate_hz, samples)
        except BadRecord as bad:
            found[row] = str(bad)
    signals.flush()
    return start, found


def parse(path: Path, rate_hz: int, samples: int) -> NDArray[np.int16]:
    """One record (its path without suffix) as int16 microvolts, shape (12, samples), leads in PTB-XL's order.

    Raises BadRecord for a missing or truncated file; wrong leads, rate, unit or number of samples; missing samples.
    """
    import wfdb

    for suffix in (".hea", ".dat"):
        if not path.with_name(path.name + suffix).is_file():
            raise BadRecord(f"{path}{suffix}: missing")
    try:
        record = wfdb.rdrecord(str(path))
    except Exception as error:  # wfdb raises many kinds for a damaged file
        raise BadRecord(f"{path}.dat: truncated or unreadable ({_one_line(error)})") from None
    names = [str(n).upper() for n in record.sig_name or []]
    if record.n_sig != len(LEADS):
        raise BadRecord(f"{path}.hea: {record.n_sig} leads where {len(LEADS)} are needed")
    if sorted(names) != sorted(LEADS):
        raise BadRecord(f"{path}.hea: leads {', '.join(names)}; needed: {', '.join(LEADS)}")
    if record.fs != rate_hz:
        raise BadRecord(f"{path}.hea: sampled at {record.fs} Hz, not {rate_hz} Hz")
    if {str(unit).lower() for unit in record.units or []} != {"mv"}:
        raise BadRecord(f"{path}.hea: in {record.units[0]}, not in mV")
    millivolts = record.p_signal[:, [names.index(lead) for lead in LEADS]].T
    if millivolts.shape[1] != samples:
        raise BadRecord(f"{path}.dat: {millivolts.shape[1]} samples where {samples} are needed")
    missing = int(np.isnan(millivolts).sum())
    if missing:
        raise BadRecord(f"{path}.dat: {missing} missing samples (NaN)")
    microvolts = np.rint(millivolts * 1000)
    if np.abs(microvolts).max() > np.iinfo(np.int16).max:
        raise BadRecord(f"{path}.dat: a sample beyond ±32.767 mV")
    return np.asarray(microvolts, dtype=np.int16)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
