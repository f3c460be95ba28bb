"""What happens to records that cannot be read: the first one ends the load, or all are left out and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgebench.core.datasets import RecordSet
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.record_cache import new_file


def settle(records: RecordSet, problems: Sequence[str], skip: bool) -> RecordSet:
    """The records without the bad ones; `problems` has a text for each, empty where it is good.

    Raises BadRecord for the first where none may be skipped, and DataError where all are bad. The inputs' files are
    written again without the rows of bad records.
    """
    bad = [problem for problem in problems if problem]
    if not bad:
        return records
    if not skip:
        more = f" (and {len(bad) - 1} more bad records)" if len(bad) > 1 else ""
        raise BadRecord(f"{bad[0]}{more}; mend such files, or leave them out with --skip-bad-records")
    if len(bad) == len(problems):
        raise DataError(f"every record of the {records.split} split is bad; the first: {bad[0]}")
    good = np.array([not problem for problem in problems])
    for one in records.inputs:
        array = np.load(one.path, mmap_mode="r")
        part = one.path.with_name(f"{one.path.stem}-kept.npy")
        kept = new_file(part, array.dtype, (int(good.sum()), *array.shape[1:]))
        for to, row in enumerate(np.flatnonzero(good)):
            kept[to] = array[row]
        del kept
        part.replace(one.path)
    targets = None if records.targets is None else records.targets[good]
    dropped = (*records.dropped, *bad)
    return replace(records, ids=records.ids[good], targets=targets, dropped=dropped)
