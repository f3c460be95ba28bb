"""Inputs of manifests that were written when there were only ECGs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.core.validation import validated
from edgebench.data.earlier_input import converted, described
from edgebench.data.signals import ECG, LEADS, ecg

WHOLE = {"leads": list(LEADS), "samples": 1000, "rate_hz": 100, "unit": "mV", "dtype": "float32"}


@pytest.mark.parametrize(
    ("written", "now"),
    [
        (WHOLE, ECG), ({"samples": 1000}, ECG), ({"leads": ["I", "II"], "samples": 5000, "rate_hz": 500},
        ecg(("I", "II"), 5000, 500)), (asdict(ECG), ECG),
    ],
)  # fmt: skip
def test_they_are_read_as_todays(written: dict[str, Any], now: InputSpec) -> None:
    found = converted({"name": "a", "input": written})
    assert found["name"] == "a" and validated(InputSpec, found["input"], "x", ModelError) == now


def test_the_largest_value_of_each_lead_is_that_of_each_channel() -> None:
    assert converted({"feed": {"per_record": "max-lead"}}) == {"feed": {"per_record": "max-channel"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": "many"}, {"samples": -1}, {"leads": []}, {"leads": "I"}, {"leads": [1]}, {"samples": 10, "x": 1},
        {"samples": 10, "rate_hz": None}, {"samples": True}, {}, {"leads": ["I"], "unit": 3},
    ],
)  # fmt: skip
def test_what_is_wrong_stays_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        validated(InputSpec, converted({"input": wrong})["input"], "x", ModelError)


@pytest.mark.parametrize("data", [None, [], {}, {"input": None}, {"input": "x"}, {"input": [1]}])
def test_anything_else_is_left_alone(data: Any) -> None:
    assert converted(data) is data


def test_the_task_is_several_labels_where_an_earlier_version_named_none() -> None:
    assert described({"name": "a"}) == {"name": "a", "task": "multilabel"}
    for today in ({"task": ""}, {"task": "regression"}, None, [1]):
        assert described(today) is today
