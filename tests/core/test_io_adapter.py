"""The record of what an imported file takes: consistent, bounded, and told in words."""

from __future__ import annotations

import pytest

from edgebench.core.io_adapter import Constant, IOAdapter, shown_shape
from edgebench.core.problems import InvalidValue


def test_only_what_differs_is_told() -> None:
    assert str(IOAdapter()) == ""
    whole = IOAdapter(
        "samples-first", (), (), True, "probabilities", ("V1",), "max", "float16", "x", 1, (Constant("age", (1.0,)),)
    )
    told = str(whole)
    for part in ("V1", "samples", "max", "float16", "one record", "x", "age", "1", "probabilities"):
        assert part in told


def test_rows_are_those_of_the_leads_asked_for() -> None:
    assert IOAdapter(leads=("b", "A")).rows(("a", "b", "c")) == (1, 0)
    assert IOAdapter(leads=("a", "b")).rows(("a", "b")) == () == IOAdapter().rows(("a",))
    for leads in (("d",), ("a", "A")):
        with pytest.raises(InvalidValue, match=leads[0]):
            IOAdapter(leads=leads).rows(("a", "b", "c"))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [((0.5,), "int64"), ((2.0**31,), "int32"), ((2.0,), "bool"), ((-1.0,), "bool"), ((1e300,), "int64")],
)  # fmt: skip
def test_whole_numbers_stay_what_they_are(values: tuple[float, ...], dtype: str) -> None:
    with pytest.raises(InvalidValue, match=dtype):
        Constant("a", values, (1,), dtype)  # type: ignore[arg-type]


def test_shapes() -> None:
    assert [shown_shape(s) for s in ((), (1,), ("batch", 5))] == ["()", "(1,)", "(batch, 5)"]
