"""A run's folder from elsewhere is read whole, or refused in one line that names the file and the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from decisions import CELL
from flat_rows import value
from hypothesis import given
from hypothesis import strategies as st

from edgebench.core import flat_row
from edgebench.core.errors import RunError
from edgebench.core.serialization import to_json
from edgebench.measuring import environment
from edgebench.pipeline import run_store, stored_schema
from edgebench.pipeline.read_plan import load
from edgebench.pipeline.stored_schema import StoredEnvironment, StoredPlan

ROW = json.loads(to_json(CELL))
FLAT = json.loads(json.dumps(flat_row.flatten(CELL)))
"""As earlier versions wrote it."""
DEEP = "[" * 100_000
WORD = st.sampled_from([f.name for kind in (StoredEnvironment, StoredPlan) for f in fields(kind)])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def folder_of(
    home: Path, row: Mapping[str, Any] = ROW, plan: Mapping[str, Any] = {}, machine: Mapping[str, Any] = {}
) -> Path:
    """A run's folder with one row."""
    (home / "plan.json").write_text(json.dumps({"plan": plan, "inputs": {}}))
    (home / "environment.json").write_text(json.dumps(machine))
    (home / "measurements.jsonl").write_text(json.dumps(row) + "\n")
    return home


@pytest.mark.parametrize(
    ("machine", "place"),
    [
        ({"target_threads": None}, "target_threads"),
        ({"target_threads": {"host": "two"}}, "target_threads.host"),
        ({"packages": ["torch"]}, "packages"),
        ({"packages": {"torch": 2}}, "packages.torch"),
        ({"instruction_sets": "avx2"}, "instruction_sets"),
        ({"cuda": [1]}, "cuda.0"),
        ({"temperature_c": "warm"}, "temperature_c"),
        ({"temperature_c": float("nan")}, "temperature_c"),
        ({"load_average": True}, "load_average"),
        ({"memory_bytes": 10**400}, "memory_bytes"),
        ({"memory_bytes": 10**30}, "memory_bytes"),
        ({"cpu": 5}, "cpu"),
        ({"cpu": "\ud800"}, "cpu"),
        ({"virtual": "no"}, "virtual"),
    ],
)
def test_a_machine_that_is_none_is_refused(tmp_path: Path, machine: dict[str, Any], place: str) -> None:
    folder = folder_of(tmp_path, machine=machine)
    with pytest.raises(RunError) as refused:
        run_store.read(folder)
    assert str(refused.value).startswith(f"{folder}/environment.json: {place}: ")
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        ({"targets": [{}]}, "targets.0"),
        ({"models": 5}, "models"),
        ({"models": ["\ud800"]}, "models.0"),
        ({"artifacts": "net.onnx"}, "artifacts"),
        ({"measuring": None}, "measuring"),
    ],
)
def test_a_plan_that_is_none_is_refused(tmp_path: Path, plan: dict[str, Any], place: str) -> None:
    folder = folder_of(tmp_path, plan=plan)
    for reader in (run_store.read, run_store.stored_plan):
        with pytest.raises(RunError) as refused:
            reader(folder)
        assert str(refused.value).startswith(f"{folder}/plan.json: {place}: ")


@given(st.dictionaries(WORD, JSON, max_size=3))
def test_whatever_is_there_is_taken_or_refused_in_one_line(fields: dict[str, Any]) -> None:
    for check in (stored_schema.check_environment, stored_schema.check_plan):
        said = "there: "
        try:
            check(fields, "there")
        except RunError as refused:
            said = str(refused)
        assert said.startswith("there: ") and "\n" not in said
        said.encode()


def test_what_edgebench_writes_is_taken() -> None:
    stored_schema.check_environment({**environment.describe(), "target_threads": {"host": 2}}, "environment.json")
    stored_schema.check_plan(load(None, {}).document(), "plan.json")
    stored_schema.check_plan(load(None, {"artifacts": (Path("\udcff.onnx"),)}).document(), "plan.json")


@pytest.mark.parametrize("name", ["plan.json", "environment.json", "measurements.jsonl"])
def test_json_of_too_many_brackets_or_digits_is_none(tmp_path: Path, name: str) -> None:
    for text in (DEEP, '{"seed": ' + "1" * 5000 + "}"):
        folder = folder_of(tmp_path)
        (folder / name).write_text(text + "\n")
        with pytest.raises(RunError, match=f"{name}.*not JSON"):
            run_store.read(folder)


def test_halves_of_characters_in_a_row_are_replaced(tmp_path: Path) -> None:
    odd = {"model": "a\ud800", "reason": "\udfff\x1b[31m", "f1_by_class": {"\ud800": 0.5}}
    (m,) = run_store.read(folder_of(tmp_path, {**FLAT, **odd})).measurements
    assert (m.cell.model, m.reason, value(m, "f1_by_class")) == ("a\ufffd", "\ufffd\ufffd[31m", {"\ufffd": 0.5})


@pytest.mark.parametrize("field", ["file_size_bytes", "latency_samples", "latency_p50_s"])
def test_a_number_that_nothing_can_compute_with_is_refused(tmp_path: Path, field: str) -> None:
    folder = folder_of(tmp_path, {**FLAT, field: 10**400})
    with pytest.raises(RunError) as refused:
        run_store.read(folder)
    assert str(refused.value) == f"{folder}/measurements.jsonl:1: {field}: must be a smaller number"


def test_a_nested_row_is_checked_as_far_inside(tmp_path: Path) -> None:
    row = json.loads(to_json(CELL))
    assert run_store.read(folder_of(tmp_path, row)).measurements == (replace(CELL, run=tmp_path.name),)
    row["latency"]["steadiness"]["reason"] = "\x1b\ud800"
    (m,) = run_store.read(folder_of(tmp_path, row)).measurements
    assert value(m, "verdict_reason") == "\ufffd\ufffd"
    row["artifact"]["network"]["macs"] = 10**400
    with pytest.raises(RunError, match=r"jsonl:1: artifact\.network\.macs: must be a smaller number"):
        run_store.read(folder_of(tmp_path, row))


def test_processes_with_samples_that_are_no_times_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    good, pair = np.array([1.0, 2.0]), np.array([[1.0, 2.0]])
    bad = [np.array([1.0, wrong]) for wrong in (np.nan, np.inf, 0.0, -1.0)]
    for number, samples in enumerate([good, *bad, pair, np.array(["x"]), np.zeros(1, [("a", "i4")]), good]):
        np.save(tmp_path / "samples" / f"{CELL.cell.id}~{number}.npy", samples)
    run = run_store.read(folder_of(tmp_path))
    assert [list(samples) for samples in run_store.latencies(run, CELL)] == [[1.0, 2.0], [1.0, 2.0]]
