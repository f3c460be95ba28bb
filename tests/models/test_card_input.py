"""The input of a card, against records of several kinds."""

from __future__ import annotations

from typing import Any

import pytest

from edgebench.core.inputs import InputSpec
from edgebench.core.problems import InvalidValue
from edgebench.models.card_input import CardInput

IMAGE = InputSpec((3, 8, 9), ("channel", "row", "column"))
CLIP = InputSpec((4, 3, 8, 9), ("frame", "channel", "row", "column"))
TABLE = InputSpec((5,), ("feature",), "kg")


@pytest.mark.parametrize(
    ("given", "spec", "axes"),
    [
        ({}, IMAGE, ()), ({"layout": "channels-last"}, IMAGE, ("row", "column", "channel")),
        ({"layout": "channels-first"}, CLIP, ("channel", "frame", "row", "column")),
        ({"axes": ("column", "row", "channel")}, IMAGE, ("column", "row", "channel")),
    ],
)  # fmt: skip
def test_the_order_of_axes(given: dict[str, Any], spec: InputSpec, axes: tuple[str, ...]) -> None:
    assert CardInput(**given).order(spec, "them") == axes


def test_mean_and_std_are_in_the_units_of_the_records() -> None:
    assert CardInput().statistics(3, "channel") == ((), ())
    mean, std = CardInput(mean=(51.0,), std=(102.0, 204.0, 255.0), scale=255).statistics(3, "channel")
    assert mean == pytest.approx((0.2,) * 3) and std == pytest.approx((0.4, 0.8, 1))
    # Nothing but a scale: pixels from 0 to 255.
    assert CardInput(scale=255).statistics(1, "channel") == ((0.0,), (1 / 255,))


@pytest.mark.parametrize(
    ("given", "spec", "place"),
    [
        ({"layout": "samples-first"}, IMAGE, "input.layout"), ({"axes": ("row", "column")}, IMAGE, "input.axes"),
        ({"mean": (1.0, 2.0), "std": (1.0,)}, IMAGE, "input.mean"), ({"unit": "g"}, TABLE, "input.unit"),
        ({"per_record": "zscore"}, TABLE, "input.per_record"),
    ],
)  # fmt: skip
def test_what_the_records_do_not_have(given: dict[str, Any], spec: InputSpec, place: str) -> None:
    def fitted() -> None:
        made = CardInput(**given)
        made.check(spec, "them")
        made.order(spec, "them")
        made.statistics(spec.shape[spec.channel_axis], "channel")

    with pytest.raises(InvalidValue) as raised:
        fitted()
    assert raised.value.problem.place == place
    CardInput(unit="kg", per_record="max").check(TABLE, "them")
