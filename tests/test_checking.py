"""What the standard library accepts and refuses is what pydantic does."""

from __future__ import annotations

import json
from typing import Any

import pydantic
import pytest
from test_records import ARTIFACT, MEASUREMENT, UNSUPPORTED

from edgebench import checking
from edgebench.contracts import Artifact, Target
from edgebench.measurements import Measurement
from edgebench.records import to_dict, to_json
from edgebench.settings import Measuring

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
        (Target, ["not a table"], "the whole"),
        (Measuring, {"processes": 2.5}, "processes"),
        (Measuring, {"batches": 3}, "batches"),
        (Measuring, {"batches": [1, "two"]}, "batches.1"),
        (Artifact, {**to_dict(ARTIFACT), "input": {"lead": 12}}, "input.lead"),
        (Artifact, {**to_dict(ARTIFACT), "made_with": ["torch"]}, "made_with"),
        (Artifact, {**to_dict(ARTIFACT), "before": {"macs": "many"}}, "before.macs"),
        (Measurement, {**to_dict(MEASUREMENT), "verdict": "good"}, "verdict"),
    ],
)
def test_it_refuses_what_pydantic_refuses(kind: Any, data: Any, field: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        pydantic.TypeAdapter(kind).validate_python(data)
    with pytest.raises(ValueError, match="^" + field + ": ") as caught:
        checking.build(kind, data)
    assert "\n" not in str(caught.value)
