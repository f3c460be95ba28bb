from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.core.errors import DataError
from edgebench.data.splitting import held_out, limited, share_of


@given(st.lists(st.integers(0, 5), min_size=1, max_size=200), st.integers(0, 1000), st.floats(0, 1))
def test_each_class_in_proportion(labels: list[int], seed: int, share: float) -> None:
    array = np.array(labels)
    count = round(share * len(array))
    mask = held_out(array, count, seed)
    assert mask.sum() == count and np.array_equal(mask, held_out(array, count, seed))
    for label in set(labels):
        members = array == label
        assert abs(mask[members].sum() - members.sum() * count / len(array)) < 1


def test_the_choice_never_changes() -> None:
    """A published score is for these records."""
    assert np.flatnonzero(held_out(np.arange(40) % 4, 6, 10)).tolist() == [7, 12, 20, 21, 26, 30]
    assert limited(np.arange(100, 120), 4).tolist() == [104, 110, 113, 116]


def test_equal_remainders_do_not_favour_the_first_classes() -> None:
    taken = sum(held_out(np.arange(10), 5, seed).astype(int) for seed in range(60))
    assert isinstance(taken, np.ndarray) and taken.min() > 15 and taken.max() < 45


def test_limits() -> None:
    rows = np.arange(5)
    assert limited(rows, None) is rows and limited(rows, 9) is rows and len(limited(rows, 1)) == 1
    for wrong in (0, -1):
        with pytest.raises(DataError, match="at least 1"):
            limited(rows, wrong)


def test_a_name_alone_decides() -> None:
    shares = np.array([share_of(f"cat/{i}.jpg") for i in range(2000)])
    assert shares.min() >= 0 and shares.max() < 1 and abs((shares < 0.1).mean() - 0.1) < 0.02
    assert share_of("cat/1.jpg") == share_of("cat/1.jpg") != share_of("dog/1.jpg")
