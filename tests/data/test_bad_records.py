"""Bad records end the load, or are left out and named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgebench.core.datasets import RecordSet
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.bad_records import settle


@pytest.fixture
def records(demo: RecordSet, tmp_path: Path) -> RecordSet:
    """The demo's, in a file of their own."""
    copied = Path(shutil.copy(demo.input.path, tmp_path / "input.npy"))
    return replace(demo, inputs=(replace(demo.input, path=copied),))


def test_the_first_ends_the_load_with_a_way_out(records: RecordSet) -> None:
    problems = [""] * len(records)
    assert settle(records, problems, False) is records
    problems[2] = problems[5] = "a.png: damaged"
    with pytest.raises(BadRecord, match=r"a\.png: damaged \(and 1 more bad records\); .*--skip-bad-records"):
        settle(records, problems, False)


def test_they_are_left_out(records: RecordSet) -> None:
    before = np.load(records.input.path).copy()
    problems = ["", "damaged", *[""] * (len(records) - 2)]
    kept = settle(records, problems, True)
    assert len(kept) == len(records) - 1 and kept.dropped == ("damaged",)
    np.testing.assert_array_equal(np.load(kept.input.path), np.delete(before, 1, axis=0))
    with pytest.raises(DataError, match="every record"):
        settle(records, ["damaged"] * len(records), True)
