"""Names in another order or case are found where that is unambiguous."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.core.name_order import order, permutation


@pytest.mark.parametrize(
    ("there", "wanted", "found"),
    [
        ("a b c", "c a", (2, 0)), ("a b", "B A", (1, 0)), ("AVR I", "aVR", (0,)), ("a b", "c", None),
        ("a A", "a", (0,)), ("a A", "A a", (1, 0)), ("aB Ab", "ab", None), ("AB", "aB Ab", None), ("a", "", ()),
    ],
)  # fmt: skip
def test_order(there: str, wanted: str, found: tuple[int, ...] | None) -> None:
    assert order(there.split(), wanted.split()) == found


@given(st.lists(st.sampled_from("aAbBcC"), max_size=5), st.lists(st.sampled_from("aAbBcC"), max_size=5))
def test_a_permutation_pairs_each_name_with_one(there: list[str], wanted: list[str]) -> None:
    found = permutation(there, wanted)
    if sorted(there) == sorted(wanted) and len(set(there)) == len(there):
        assert found is not None
        assert [there[place] for place in found] == wanted, "exact names go first"
    if found is not None:
        assert sorted(found) == list(range(len(there)))
        assert [there[place].casefold() for place in found] == [name.casefold() for name in wanted]
