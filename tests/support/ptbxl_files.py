"""Reading and changing the small PTB-XL of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.data.signals import LEADS

HOME = "records100/00000"
FIRST = f"{HOME}/00006_lr"  # the first record of fold 10


def load(folder: Path | None, split: Split = "test", **options: object) -> RecordSet:
    return registry.dataset("ptbxl").load(DataRequest(split, folder, **options))  # type: ignore[arg-type]


def entries(cache: Path) -> list[str]:
    """What the cache has of records, finished or not; what it has of tables does not count."""
    return sorted(p.name for p in cache.glob("*") if not p.name.startswith("ptbxl-tables-"))


def read(record: Path) -> NDArray[np.float64]:
    return np.asarray(wfdb.rdrecord(str(record)).p_signal)


def write(
    record: Path, signal: NDArray[np.float64], leads: Sequence[str] = LEADS, rate: int = 100, unit: str = "mV"
) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    count = len(leads)
    wfdb.wrsamp(
        record.name, fs=rate, units=[unit] * count, sig_name=list(leads), p_signal=signal, fmt=["16"] * count,
        adc_gain=[1000.0] * count, baseline=[0] * count, write_dir=str(record.parent),
    )  # fmt: skip


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
