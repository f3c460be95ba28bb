"""Colours and marks of the groups in a picture."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from report_rows import OK

from edgebench.reports import palette

NAMES = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=56, unique=True)


@given(NAMES, st.randoms())
def test_no_two_groups_look_alike_whatever_the_order_of_the_rows(names: list[str], chance: object) -> None:
    rows = [replace(OK, variant=name) for name in names]
    looks = palette.looks(rows, "variant", {})
    assert len({(look.colour, look.mark) for look in looks}) == len(names)
    chance.shuffle(rows)  # type: ignore[attr-defined]
    assert palette.looks(rows, "variant", {}) == looks


def test_the_plan_gives_the_order_and_latency_does_not() -> None:
    rows = [replace(OK, variant=name) for name in ("qat", "none", "l1-0.4", "another")]
    names = [look.name for look in palette.looks(rows, "variant", {"variants": ["none", "l1-0.4", "gone", "qat"]})]
    assert names == ["none", "l1-0.4", "qat", "another"]
    models = [replace(OK, model=name) for name in ("b", "a")]
    assert [look.name for look in palette.looks(models, "model", {"models": ["there/b.json", "a"]})] == ["b", "a"]


def test_a_colour_tells_the_first_thing_that_differs() -> None:
    other = replace(OK, exporter="eager")
    assert palette.kind([OK]) == palette.kind([OK, other]) == "exporter"
    assert palette.kind([OK, replace(other, variant="l1-0.4")]) == "variant"
    assert palette.kind([OK, replace(other, variant="l1-0.4", model="another")]) == "model"
