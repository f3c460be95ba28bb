"""predictions/records.csv: which record each row of the predictions is, and its target."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core import spreadsheets
from edgebench.core.datasets import RecordSet
from edgebench.core.files import write_text

FILE = "predictions/records.csv"


def write(records: RecordSet, run: Path) -> None:
    """Write the table into a run's folder; raises DiskFull."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    table = columns(records)
    writer.writerow(map(spreadsheets.cell, table))
    writer.writerows(zip(*table.values(), strict=True))
    write_text(run / FILE, text.getvalue())


def columns(records: RecordSet) -> dict[str, list[Any]]:
    """`id`; one target as `target`, and its class as `label`; several as `target_NAME` by the outputs' names."""
    found = {"id": [_plain(one) for one in records.ids.tolist()]}
    if records.targets is None:
        return found
    targets: Any = np.asarray(records.targets)
    if targets.ndim == 1:
        found["target"] = targets.tolist()
        if _are_classes(targets, len(records.classes)):
            found["label"] = [spreadsheets.cell(records.classes[number]) for number in targets.tolist()]
        return found
    flat = targets.reshape(len(targets), -1)
    named = records.classes if len(records.classes) == flat.shape[1] else range(flat.shape[1])
    return found | {f"target_{name}": flat[:, number].tolist() for number, name in enumerate(named)}


def _are_classes(targets: Any, classes: int) -> bool:
    whole = targets.dtype.kind in "iu" and classes > 1 and len(targets)
    return bool(whole and targets.min() >= 0 and targets.max() < classes)


def _plain(one: Any) -> Any:
    return spreadsheets.cell(one) if isinstance(one, str) else one
