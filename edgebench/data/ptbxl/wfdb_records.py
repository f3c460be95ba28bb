"""Parse WFDB records into one .npy file of int16 microvolts.

wfdb decodes the samples, after `wfdb_header` has found that the header is one of PTB-XL's and the file has its size:
wfdb guesses where a header is damaged, and reads as much as a header claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress
from edgebench.core.errors import BadRecord, MissingPackage
from edgebench.data.ptbxl.view import SECONDS, View
from edgebench.data.ptbxl.wfdb_header import Header, read_bounded, read_header
from edgebench.data.signals import LEADS

VERSION = 2
"""Raised when the same files give other samples or other refusals, so that earlier results are not used."""
CHUNK = 128
READERS = 8
"""Threads that read ahead: the files may lie on a network."""
MISSING = -32_768
"""WFDB's value for a sample that was not recorded, in format 16."""


def parse_all(paths: Sequence[Path], view: View, output: Path, progress: Progress | None = None) -> list[str]:
    """Parse records into `output` (.npy, int16 microvolts, shape (records, *shape of the view)), in their order.

    Returns one text a record: empty, or why the record is bad (its row is then zero).
    """
    problems: list[str] = []
    shape = view.spec.shape
    header = {"descr": "<i2", "fortran_order": False, "shape": (len(paths), *shape)}
    empty = np.zeros(shape, np.int16)

    def tried(path: Path) -> tuple[NDArray[np.int16], str]:
        try:
            record = parse(path, view.stored_hz, SECONDS * view.stored_hz)
        except BadRecord as bad:
            return empty, str(bad)
        try:
            return view.of(record), ""
        except BadRecord as bad:
            return empty, f"{path}.dat: {bad}"

    with output.open("wb") as stream, ThreadPoolExecutor(READERS) as pool:
        np.lib.format.write_array_header_1_0(stream, header)
        for start in range(0, len(paths), CHUNK):
            for signal, problem in pool.map(tried, paths[start : start + CHUNK]):
                stream.write(signal.astype("<i2", copy=False).tobytes())
                problems.append(problem)
            if progress:
                progress(len(problems), len(paths))
    return problems


def bytes_of(samples: int) -> int:
    """Size of the .dat of one record."""
    return 2 * len(LEADS) * samples


def parse(path: Path, rate_hz: int, samples: int) -> NDArray[np.int16]:
    """One record (its path without suffix) as int16 microvolts, shape (12, samples), leads in PTB-XL's order.

    Raises BadRecord for a missing, cut or damaged file; wrong leads, rate, unit or number of samples; missing samples.
    """
    header = read_header(path, rate_hz)
    file = path.with_name(f"{path.name}.dat")
    wanted = bytes_of(samples)
    content = read_bounded(file, 2 * wanted)
    found = header.samples or len(content) // (2 * len(LEADS))
    if found != samples:
        raise BadRecord(f"{file}: {found} samples where {samples} are needed")
    if len(content) != wanted:
        what = "truncated" if len(content) < wanted else "too long"
        raise BadRecord(f"{file}: {what}: {len(content)} bytes where {wanted} are needed")
    raw = _decoded(path)
    if raw.shape != (samples, len(LEADS)):
        raise BadRecord(f"{file}: samples of shape {raw.shape} where {(samples, len(LEADS))} is needed")
    missing = int((raw == MISSING).sum())
    if missing:
        raise BadRecord(f"{file}: {missing} missing samples (NaN)")
    _check_sums(file, raw, header)
    gains, baselines = [lead.gain for lead in header.leads], [lead.baseline for lead in header.leads]
    microvolts = np.rint((raw.astype(np.float64) - baselines) / gains * 1000)
    if not np.abs(microvolts).max() <= np.iinfo(np.int16).max:
        raise BadRecord(f"{file}: a sample beyond ±32.767 mV")
    names = [lead.name.upper() for lead in header.leads]
    return np.ascontiguousarray(microvolts.T[[names.index(lead) for lead in LEADS]], dtype=np.int16)


def _decoded(path: Path) -> NDArray[np.int64]:
    """The digital samples of a record, shape (samples, leads)."""
    try:
        import wfdb
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "wfdb", "data", "reading PTB-XL") from None
    try:
        return np.asarray(wfdb.rdrecord(str(path), physical=False).d_signal, np.int64)
    except Exception as error:  # wfdb raises many kinds
        raise BadRecord(f"{path}.dat: unreadable ({' '.join(str(error).split())[:120]})") from None


def _check_sums(file: Path, raw: NDArray[np.int64], header: Header) -> None:
    """Raise BadRecord where the samples of a lead do not add up to the header's checksum."""
    sums = raw.sum(axis=0).tolist()
    wrong = [
        lead.name
        for lead, total in zip(header.leads, sums, strict=True)
        if lead.checksum is not None and (total - lead.checksum) % (1 << 16)
    ]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise BadRecord(f"{file}: checksum of lead {wrong[0]} differs from its header{more}")
