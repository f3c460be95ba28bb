from __future__ import annotations

import numpy as np
import pytest

from edgebench.core.errors import DataError
from edgebench.tasks import calling


def test_a_number_is_one_finite_number() -> None:
    for value in (1, 0.5, np.float32(2), np.array(3)):
        assert calling.number("mine", value) == float(value)
    for wrong in (None, "1", True, 1j, [1.0], np.zeros(2), np.nan, -np.inf, object()):
        with pytest.raises(DataError, match="mine"):
            calling.number("mine", wrong)


def test_samples_are_a_row_of_numbers() -> None:
    assert calling.samples("mine", [1, 2, 3], 3).tolist() == [1, 2, 3]
    for wrong in ([1, 2], 1.0, [[1, 2, 3]], ["a", "b", "c"]):
        with pytest.raises(DataError, match="mine"):
            calling.samples("mine", wrong, 3)


def test_what_a_function_raises_is_one_line() -> None:
    def fails(text: str) -> None:
        raise KeyError(text)

    with pytest.raises(DataError) as raised:
        calling.called("mine", fails, "a\nb" * 500)
    assert "KeyError" in str(raised.value) and "\n" not in str(raised.value) and len(str(raised.value)) < 300


def test_the_users_code_cannot_change_what_others_are_scored_with() -> None:
    values = np.zeros(3)
    with pytest.raises(DataError, match="read-only"):
        calling.called("mine", calling.read_only(values).fill, 1)
    assert not values.any()
