"""Records from outside: what is accepted, and which field is named where it is not."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from sample_records import ARTIFACT, MEASUREMENT, UNSUPPORTED

from edgebench.core import validation
from edgebench.core.cells import Target
from edgebench.core.contracts import Artifact
from edgebench.core.errors import PlanError
from edgebench.core.problems import InvalidValue
from edgebench.core.serialization import to_dict, to_json
from edgebench.core.settings import Measuring
from edgebench.models.card import Card
from edgebench.pipeline.plan import MeasurePlan

TARGET = {"name": "t", "description": "d", "architecture": "x86_64"}
DEEP: Any = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize("record", [ARTIFACT, MEASUREMENT, UNSUPPORTED, Measuring(batches=(2, 4), paced_s=1.0)])
def test_a_record_comes_back_as_it_went(record: Any) -> None:
    assert validation.build(type(record), json.loads(to_json(record))) == record


@pytest.mark.parametrize(
    ("kind", "data", "place"),
    [
        (Target, {**TARGET, "threads": "many"}, "threads"),
        (Target, {**TARGET, "threads": 1.5}, "threads"),
        (Target, {**TARGET, "threads": True}, "threads"),
        (Target, {**TARGET, "device": "tpu"}, "device"),
        (Target, {**TARGET, "colour": "red"}, "colour"),
        (Target, {"name": "t", "description": "d"}, "architecture"),
        (Target, {**TARGET, "name": 3}, "name"),
        (Target, {**TARGET, "memory_limit_bytes": "all"}, "memory_limit_bytes"),
        (Target, TARGET | {5: 1}, "5"),
        (Target, ["not a table"], ""),
        (Measuring, {"processes": 2.5}, "processes"),
        (Measuring, {"processes": 0}, "processes"),
        (Measuring, {"batches": 3}, "batches"),
        (Measuring, {"min_seconds": 10**400}, "min_seconds"),
        (Measuring, {"paced_s": float("nan")}, "paced_s"),
        (Measuring, {"batches": [1, "two"]}, "batches.1"),
        (MeasurePlan, {"data_dir": 3}, "data_dir"),
        (MeasurePlan, {"artifacts": ["a", 3]}, "artifacts.1"),
        (MeasurePlan, {"measuring": {"warmup": -1}}, "measuring.warmup"),
        (MeasurePlan, {"limit": 0}, "limit"),
        (MeasurePlan, {"targets": DEEP}, ""),
        (Artifact, {**to_dict(ARTIFACT), "input": {"lead": 12}}, "input.lead"),
        (Artifact, {**to_dict(ARTIFACT), "made_with": ["torch"]}, "made_with"),
        (Artifact, {**to_dict(ARTIFACT), "made_with": {"torch": 2}}, "made_with.torch"),
        (Artifact, {**to_dict(ARTIFACT), "before": {"macs": "many"}}, "before.macs"),
        (Artifact, {**to_dict(ARTIFACT), "calibration": {"dataset": "ptbxl", "split": 1}}, "calibration.split"),
        (Card, {"classes": ["A"], "thresholds": [2]}, "thresholds.0"),
        (Card, {"classes": ["A"], "name": "a/b"}, "name"),
        (Card, {"classes": ["A"], "input": {"unit": "standardised"}}, "input.mean"),
    ],
)
def test_the_wrong_field_is_named(kind: Any, data: Any, place: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        validation.build(kind, data)
    assert caught.value.problem.place == place
    assert "\n" not in str(caught.value)


def test_the_file_is_named_before_the_field() -> None:
    with pytest.raises(PlanError, match=r"^file\.toml: threads: "):
        validation.validated(Target, {**TARGET, "threads": "many"}, "file.toml", PlanError)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("record", [Target("t", "d", "x86_64"), Measuring(), ARTIFACT, MEASUREMENT, MeasurePlan()])
@given(data=st.data())
def test_any_value_of_any_field_is_taken_or_refused_by_name(record: Any, data: st.DataObject) -> None:
    kind, whole = type(record), json.loads(to_json(record))
    name = data.draw(st.sampled_from([*whole, "surprise"]))
    changed = {**whole, name: data.draw(VALUES)}
    try:
        made = validation.build(kind, changed)
    except InvalidValue as error:
        place = error.problem.place.partition(".")[0]
    else:
        place = "" if isinstance(made, kind) and name != "surprise" else "made"
    assert place in ("", name)


def test_a_whole_number_may_be_written_as_a_float() -> None:
    made = validation.build(Target, {**TARGET, "threads": 3.0, "ssh_timeout_s": 5})
    assert (made.threads, type(made.threads)) == (3, int) and type(made.ssh_timeout_s) is float
