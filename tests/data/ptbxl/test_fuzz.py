"""Damaged tables and records: one line of error, or valid data, in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mutations import hold, of_bytes
from ptbxl_files import FIRST

from edgebench.data.ptbxl import tables
from edgebench.data.ptbxl.index import index_of
from edgebench.data.ptbxl.wfdb_records import parse

MUTATIONS = 500
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("which", [0, 1], ids=["database", "statements"])
def test_tables(ptbxl: Path, which: int) -> None:
    whole = tables.content(ptbxl)

    def read(damaged: bytes) -> None:
        found = index_of(ptbxl, (damaged, whole[1]) if which == 0 else (whole[0], damaged))
        assert set(found.folds.tolist()) <= set(range(1, 11)) and len(set(found.ids.tolist())) == len(found.ids)
        for rate in found.files:
            found.names(rate, range(len(found.ids)))

    taken, refused = hold(read, of_bytes(whole[which], MUTATIONS))
    assert taken + refused == MUTATIONS and refused > 100


@pytest.mark.parametrize("suffix", [".hea", ".dat"])
def test_records(ptbxl: Path, suffix: str) -> None:
    path = ptbxl / f"{FIRST}{suffix}"
    content, whole = path.read_bytes(), parse(ptbxl / FIRST, 100, 1000)

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        found = parse(ptbxl / FIRST, 100, 1000)
        assert found.shape == (12, 1000) and found.dtype == np.int16
        assert suffix == ".hea" or damaged == content or np.array_equal(found, whole), "the checksums fit by chance"

    taken, refused = hold(read, of_bytes(content, MUTATIONS))
    assert taken + refused == MUTATIONS and refused > 200
