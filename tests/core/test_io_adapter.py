"""The record of what an imported file takes: consistent, bounded, and told in words."""

from __future__ import annotations

import pytest

from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import Constant, IOAdapter, shown_shape
from edgebench.core.problems import InvalidValue


def test_only_what_differs_is_told() -> None:
    assert str(IOAdapter()) == ""
    whole = IOAdapter(
        ("sample", "lead"), (), (), True, "probabilities", ("V1",), "max", "float16", "x", 1, (Constant("age", (1.0,)),)
    )
    told = str(whole)
    for part in ("V1", "sample, lead", "max", "float16", "one record", "x", "age", "1", "probabilities"):
        assert part in told


def signal(*leads: str) -> InputSpec:
    return InputSpec((len(leads), 9), ("lead", "sample"), names={"lead": leads})


IMAGE = InputSpec((3, 4, 5), ("channel", "row", "column"), names={"channel": ("red", "green", "blue")})


def test_rows_are_those_of_the_leads_asked_for() -> None:
    three = signal("a", "b", "c")
    assert IOAdapter(positions=("b", "A")).rows(three) == (1, 0)
    assert IOAdapter(positions=("a", "b")).rows(signal("a", "b")) == () == IOAdapter().rows(signal("a"))
    for leads in (("d",), ("a", "A")):
        with pytest.raises(InvalidValue, match=leads[0]):
            IOAdapter(positions=leads).rows(three)


def test_the_shape_of_a_record_as_a_file_takes_it() -> None:
    assert IOAdapter().shape(IMAGE) == (3, 4, 5)
    assert IOAdapter(("row", "column", "channel"), positions=("blue",)).shape(IMAGE) == (4, 5, 1)
    clip = InputSpec((8, 3, 4, 5), ("frame", "channel", "row", "column"))
    assert IOAdapter(("channel", "frame", "row", "column")).turned(clip) == (1, 0, 2, 3)
    for axes in (("row", "column"), ("row", "column", "row"), ("lead", "row", "column")):
        with pytest.raises(InvalidValue, match="axes"):
            IOAdapter(axes).shape(IMAGE)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [((0.5,), "int64"), ((2.0**31,), "int32"), ((2.0,), "bool"), ((-1.0,), "bool"), ((1e300,), "int64")],
)  # fmt: skip
def test_whole_numbers_stay_what_they_are(values: tuple[float, ...], dtype: str) -> None:
    with pytest.raises(InvalidValue, match=dtype):
        Constant("a", values, (1,), dtype)  # type: ignore[arg-type]


def test_shapes() -> None:
    assert [shown_shape(s) for s in ((), (1,), ("batch", 5))] == ["()", "(1,)", "(batch, 5)"]
