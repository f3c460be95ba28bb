"""What the standard library accepts and refuses is what pydantic does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pydantic
import pytest
from hypothesis import given
from sample_records import ARTIFACT, MEASUREMENT, UNSUPPORTED

from edgebench.core import checking
from edgebench.core.contracts import Artifact, Target
from edgebench.core.measurements import Measurement
from edgebench.core.problems import InvalidValue
from edgebench.core.serialization import first_problem, to_dict, to_json
from edgebench.core.settings import Measuring

TARGET = {"name": "t", "description": "d", "architecture": "x86_64"}


@pytest.mark.parametrize("record", [ARTIFACT, MEASUREMENT, UNSUPPORTED, Measuring(batches=(2, 4), paced_s=1.0)])
def test_it_builds_what_pydantic_builds(record: Any) -> None:
    data = json.loads(to_json(record))
    assert checking.build(type(record), data) == record == pydantic.TypeAdapter(type(record)).validate_python(data)


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        (Target, {**TARGET, "threads": "many"}, "threads"),
        (Target, {**TARGET, "threads": 1.5}, "threads"),
        (Target, {**TARGET, "device": "tpu"}, "device"),
        (Target, {**TARGET, "colour": "red"}, "colour"),
        (Target, {"name": "t", "description": "d"}, "architecture"),
        (Target, {**TARGET, "name": 3}, "name"),
        (Target, {**TARGET, "memory_limit_bytes": "all"}, "memory_limit_bytes"),
        (Target, ["not a table"], "must be a table"),
        (Measuring, {"processes": 2.5}, "processes"),
        (Measuring, {"batches": 3}, "batches"),
        (Measuring, {"min_seconds": 10**400}, "min_seconds"),
        (Measuring, {"paced_s": 10**400}, "paced_s"),
        (Measuring, {"batches": [1, "two"]}, "batches.1"),
        (Artifact, {**to_dict(ARTIFACT), "input": {"lead": 12}}, "input.lead"),
        (Artifact, {**to_dict(ARTIFACT), "made_with": ["torch"]}, "made_with"),
        (Artifact, {**to_dict(ARTIFACT), "before": {"macs": "many"}}, "before.macs"),
        (Measurement, {**to_dict(MEASUREMENT), "verdict": "good"}, "verdict"),
    ],
)
def test_it_refuses_what_pydantic_refuses(kind: Any, data: Any, field: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        pydantic.TypeAdapter(kind).validate_python(data)
    with pytest.raises(InvalidValue, match="^" + field) as caught:
        checking.build(kind, data)
    assert str(caught.value) == first_problem(refused.value, kind)
    assert "\n" not in str(caught.value)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers() | st.text(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip


@pytest.mark.parametrize("record", [Target("t", "d", "x86_64"), Measuring(), ARTIFACT, MEASUREMENT])
@given(data=st.data())
def test_what_both_refuse_they_refuse_in_the_same_words(record: Any, data: st.DataObject) -> None:
    """For any field with any value of JSON, and for a key that is not there."""
    kind, whole = type(record), json.loads(to_json(record))
    name = data.draw(st.sampled_from([*whole, "surprise"]))
    changed = {**whole, name: data.draw(VALUES)}
    said = []
    builders: list[Callable[[Any], Any]] = [
        pydantic.TypeAdapter(kind).validate_python,
        lambda found: checking.build(kind, found),
    ]
    for build in builders:
        try:
            build(changed)
        except pydantic.ValidationError as error:
            said.append(first_problem(error, kind).partition(" (and ")[0])
        except InvalidValue as error:
            said.append(str(error))
    assert len(set(said)) < 2, said
