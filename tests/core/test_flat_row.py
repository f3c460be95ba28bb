"""The flat row of a measurement, there and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from report_rows import OK, failed
from sample_records import MEASUREMENT, UNSUPPORTED

from edgebench.core.columns import ordered
from edgebench.core.flat_row import flatten, metrics_of, of_scores, tables_of, unflatten
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import from_dict


@pytest.mark.parametrize("m", [OK, MEASUREMENT, UNSUPPORTED, failed("onnx", "it broke")])
def test_a_measurement_comes_back_from_its_row(m: Measurement) -> None:
    row = flatten(m)
    metrics, tables = metrics_of([m]), tables_of([m])
    assert list(row) == ordered(metrics, tables)
    assert from_dict(Measurement, unflatten(row, metrics, tables)) == m
    assert from_dict(Measurement, unflatten(json.loads(json.dumps(row)), metrics, tables)) == m


def test_an_unknown_name_stays_for_the_validator() -> None:
    assert unflatten({"colour": "red", "latency_p50_s": None}) == {"colour": "red"}


def test_a_part_that_was_not_measured_is_empty() -> None:
    row = flatten(replace(OK, latency=None, scores=None), metrics_of([OK]), tables_of([OK]))
    assert (row["latency_p50_s"], row["process_medians_s"], row["verdict_reason"]) == (None, (), "")
    assert (row["macro_f1"], row["f1_by_class"], row["counterpart"]) == (None, {}, "")


def test_scores_alone_have_their_columns() -> None:
    assert OK.scores is not None
    row, whole = of_scores(OK.scores), flatten(OK)
    assert row == {name: whole[name] for name in row} and row["macro_f1"] == 0.7
    assert "dataset" not in row and "records" in row
