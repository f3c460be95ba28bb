"""Further inputs get as many rows as the batch has."""

from __future__ import annotations

import numpy as np

from edgebench.core.io_adapter import Constant
from edgebench.runtimes.constants import Constants


def test_rows_follow_the_batch() -> None:
    made = Constants((Constant("a", (1.0, 2.0), (2,)), Constant("b", (3.0,), (1,), "int64", batched=False)))
    assert made.of(3)["a"].tolist() == [[1.0, 2.0]] * 3
    assert made.of(1)["a"].shape == (1, 2)
    assert made.of(1)["b"].tolist() == [3]
    assert made.of(1)["b"].dtype == np.int64
    assert made.of(1) is made.of(1)
    assert Constants(()).of(4) == {}
