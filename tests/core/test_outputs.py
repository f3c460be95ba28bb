"""The output that is scored is the one that was named."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

from edgebench.core.outputs import WrongOutput, choose

A, B = np.zeros((2, 5)), np.ones((2, 5))
Pair = namedtuple("Pair", ["aux", "logits"])


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (B, None), (B, 0), (B, "probabilities"), ((B,), None), ([B], "logits"), ({"x": B}, None), ((A, B), 1),
        ({"aux": A, "logits": B}, "logits"), ({"aux": A, "logits": B}, 1), (Pair(A, B), "logits"), (Pair(A, B), 1),
        ({0: B, 1: A}, 0),
    ],
)  # fmt: skip
def test_it_is_found(answer: Any, name: Any) -> None:
    assert choose(answer, name) is B


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (A, 1), (A, "head"), ((A, B), None), ((A, B), "logits"), ((A, B), 2), ({"a": A, "b": B}, None), ((), None),
        ({}, "logits"), ({"x": B}, "head"), (((A,), B), 0), (None, None), ("text", None),
    ],
)  # fmt: skip
def test_nothing_is_guessed(answer: Any, name: Any) -> None:
    with pytest.raises(WrongOutput) as refused:
        choose(answer, name)
    assert "\n" not in str(refused.value)


def test_all_are_named_with_their_shapes() -> None:
    with pytest.raises(WrongOutput, match=r'aux \(2, 5\) and logits \(2, 5\).*output = "logits"'):
        choose({"aux": A, "logits": B}, None)
