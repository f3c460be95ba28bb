"""Colours and marks of the groups in a picture."""

from __future__ import annotations

import numpy as np
import pytest
from colours import contrast, light_of
from flat_rows import changed
from hypothesis import given
from hypothesis import strategies as st
from report_rows import OK

from edgebench.reports import palette

NAMES = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=56, unique=True)


@given(NAMES, st.randoms())
def test_no_two_groups_look_alike_whatever_the_order_of_the_rows(names: list[str], chance: object) -> None:
    rows = [changed(OK, variant=name) for name in names]
    looks = palette.looks(rows, "variant", {})
    assert len({(look.colour, look.mark) for look in looks}) == len(names)
    chance.shuffle(rows)  # type: ignore[attr-defined]
    assert palette.looks(rows, "variant", {}) == looks


def test_the_plan_gives_the_order_and_latency_does_not() -> None:
    rows = [changed(OK, variant=name) for name in ("qat", "none", "l1-0.4", "another")]
    names = [look.name for look in palette.looks(rows, "variant", {"variants": ["none", "l1-0.4", "gone", "qat"]})]
    assert names == ["none", "l1-0.4", "qat", "another"]
    models = [changed(OK, model=name) for name in ("b", "a")]
    assert [look.name for look in palette.looks(models, "model", {"models": ["there/b.json", "a"]})] == ["b", "a"]


def test_a_colour_tells_the_first_thing_that_differs() -> None:
    other = changed(OK, exporter="eager")
    assert palette.kind([OK]) == palette.kind([OK, other]) == "exporter"
    assert palette.kind([OK, changed(other, variant="l1-0.4")]) == "variant"
    assert palette.kind([OK, changed(other, variant="l1-0.4", model="another")]) == "model"


LIGHT_CARD, DARK_CARD = "#ffffff", "#1a2027"
SEEN_BY: dict[str, list[list[float]]] = {
    "all": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    # Machado, Oliveira and Fernandes (2009), full strength, on linear light.
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_CONES = [
    [0.41222147, 0.53633254, 0.05144599],
    [0.2119035, 0.68069955, 0.10739696],
    [0.08830246, 0.28171884, 0.629979],
]
TO_LAB = [
    [0.21045426, 0.79361779, -0.00407205],
    [1.9779985, -2.42859221, 0.45059371],
    [0.02590404, 0.78277177, -0.8086758],
]


@pytest.mark.parametrize(("colours", "card"), [(palette.COLOURS, LIGHT_CARD), (palette.DARK, DARK_CARD)])
def test_colours_stand_out_and_are_told_apart_by_all(colours: tuple[str, ...], card: str) -> None:
    assert len(set(colours)) == len(colours) == 8
    for colour in colours:
        assert contrast(colour, card) >= 3, colour
    for who, seen in SEEN_BY.items():
        light = np.clip(np.array([light_of(c) for c in colours]) @ np.transpose(seen), 0, 1)
        lab = np.cbrt(light @ np.transpose(TO_CONES)) @ np.transpose(TO_LAB)  # OKLab, in which 0.02 is just noticed
        apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + np.eye(len(colours))
        assert apart.min() > 0.09, (who, [colours[i] for i in np.unravel_index(apart.argmin(), apart.shape)])


def test_every_mark_has_its_shape() -> None:
    assert len(palette.MARKS) == len(palette.SHAPES) == len(set(palette.MARKS)) == len(set(palette.SHAPES))
