from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from unicodedata import category

import numpy as np
import pytest
from flat_rows import changed
from hypothesis import given
from hypothesis import strategies as st
from sample_records import ARTIFACT, JOB, MEASUREMENT, UNSUPPORTED

from edgebench.core.contracts import Artifact, Calibration, Job, Outcome
from edgebench.core.inputs import InputSpec
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import all_readable, from_dict, readable, to_dict, to_json


@pytest.mark.parametrize("record", [ARTIFACT, replace(ARTIFACT, calibration=None), JOB, MEASUREMENT, UNSUPPORTED])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_record_comes_back_as_it_went(record: Any, indent: int | None) -> None:
    text = to_json(record, indent)
    back = from_dict(type(record), json.loads(text))
    assert back == record
    assert [type(getattr(back, f.name)) for f in fields(back)] == [type(getattr(record, f.name)) for f in fields(back)]
    assert list(json.loads(text)) == [f.name for f in fields(record)]
    assert ("\n" in text) == bool(indent)


def test_nested_records_are_rebuilt() -> None:
    artifact = from_dict(Job, json.loads(to_json(JOB))).artifact
    assert isinstance(artifact, Artifact)
    assert isinstance(artifact.input, InputSpec) and artifact.input.shape == (2, 5000)
    assert isinstance(artifact.calibration, Calibration) and artifact.calibration.records == 256
    assert artifact.input == ARTIFACT.input and artifact.thresholds == (0.25, 0.5)


def test_numbers_of_numpy_and_paths_are_written_plainly() -> None:
    outcome = Outcome("ok", result={"a": np.float64(0.5), "b": np.int64(3), "c": Path("x/y"), "d": np.float32(0.25)})
    assert json.loads(to_json(outcome))["result"] == {"a": 0.5, "b": 3, "c": "x/y", "d": 0.25}
    with pytest.raises(TypeError, match="set is not JSON"):
        to_json(Outcome("ok", result={"a": {1, 2}}))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(changed(MEASUREMENT, macro_f1=value))
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(Outcome("ok", result={"latency": value}))


def test_from_dict_refuses_a_field_that_is_missing_or_unknown() -> None:
    data = to_dict(MEASUREMENT)
    with pytest.raises(TypeError, match="colour"):
        from_dict(Measurement, {**data, "colour": "red"})
    del data["status"]
    with pytest.raises(TypeError, match="status"):
        from_dict(Measurement, data)


@given(st.text(st.characters(), max_size=20))
def test_readable_text_steers_nothing_and_fits_into_a_file(text: str) -> None:
    shown = readable(text)
    assert len(shown) == len(text) and readable(shown) == shown
    assert not any(category(c) in ("Cc", "Cs") for c in shown)
    assert all(new in (old, " ", "\ufffd") for new, old in zip(shown, text, strict=True))
    shown.encode()


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\udc80"])
def test_what_readable_replaces(sign: str) -> None:
    assert readable(f"a{sign}b") == "a\ufffdb"
    assert all_readable({f"k{sign}": [{"x": sign, "n": 1.5, "none": None}]}) == {
        "k\ufffd": [{"x": "\ufffd", "n": 1.5, "none": None}]
    }
    assert readable("é 心 \u200d [b]\t\u2028x") == "é 心 \u200d [b]  x"
