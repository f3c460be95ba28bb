"""The files of a run's folder that are damaged, too large, or another program's."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import hold, json_bytes, of_bytes, of_json
from report_rows import OK

from edgebench.core.contracts import Outcome
from edgebench.core.errors import RunError
from edgebench.core.job_keys import JobKey
from edgebench.core.job_results import ColdStart, Memory, Predicted, TimedProcess
from edgebench.core.serialization import to_json
from edgebench.measuring import environment
from edgebench.pipeline import run_files, run_store
from edgebench.pipeline.plan import Plan

LATENCY = JobKey("latency", "net", "none", "onnx", "host", 0)
PREDICTION = JobKey("predict", "net", "none", "onnx", "cpu")
OUTCOMES: tuple[tuple[JobKey, Outcome[Any]], ...] = (
    (PREDICTION, Outcome("ok", result=Predicted(4, {"provider": "CPU"}))),
    (JobKey("memory", "net", "none", "onnx", "host"), Outcome("ok", result=Memory(10**8, 10**6))),
    (LATENCY, Outcome("ok", result=TimedProcess(0.1, 0.01, 5, throttled_by=("heat",), settings={"threads": "1"}))),
    (JobKey("cold", "net", "none", "onnx", "host", 0), Outcome("ok", result=ColdStart(0.1, 0.01, True))),
    (JobKey("latency", "net", "none", "onnx", "host", 1), Outcome("timeout", "no answer within 5 s")),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with a journal, a row and its arrays."""
    store = run_store.create(tmp_path / "run", Plan.of({}).document(), {}, environment.describe())
    for key, outcome in OUTCOMES:
        store.record(key, outcome)
    store.finish(OK)
    np.save(store.output(LATENCY), np.linspace(0.001, 0.002, 5))
    np.save(store.output(PREDICTION), np.zeros((4, 5), np.float32))
    return store.folder


def test_a_journal_comes_back(folder: Path) -> None:
    assert tuple(run_files.journal(folder)) == OUTCOMES
    assert all(run_files.is_whole(folder, key, outcome) for key, outcome in OUTCOMES if outcome.status == "ok")


GOOD = json.dumps({"job": str(LATENCY), "status": "ok", "result": {"load_s": 1, "first_inference_s": 1, "samples": 5}})


@pytest.mark.parametrize("line", [
    '{"job":5.5,"status":"ok"}', '{"job": null, "status": "ok"}', '{"job": "latency", "status": "ok"}', "5", "[]",
    "null", "[" * 200_000, '{"status": "ok"}', '{"job": "latency~a~b~c~d~0", "status": "ok"}',
    '{"job": "x~a~b", "status": "failed"}',
    GOOD.replace('"ok"', '"fine"'), GOOD.replace('"ok"', "5"), GOOD.replace('"samples": 5', '"samples": "5"'),
    GOOD.replace('"samples": 5', '"samples": NaN'), GOOD.replace('"samples": 5', '"samples": 5, "x": 1'),
    GOOD.replace('"samples": 5', '"sample": 5'), GOOD.replace('"load_s": 1', '"load_s": null'),
    GOOD.replace('"load_s": 1', '"load_s": ' + "9" * 400), GOOD.replace("~0", "~zero"),
    GOOD.replace('"result": {', '"result": [{').replace("}}", "}]}"),
])  # fmt: skip
def test_a_line_that_is_none_of_a_journal_is_refused(line: str, folder: Path) -> None:
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write(line + "\n")
    with pytest.raises(RunError) as caught:
        list(run_files.journal(folder))
    assert f"journal.jsonl:{len(OUTCOMES) + 1}: " in str(caught.value) and "\n" not in str(caught.value)


def test_journals_of_earlier_versions(folder: Path) -> None:
    (folder / "journal.jsonl").write_text(GOOD.replace('"result"', '"values"') + "\n")
    ((key, outcome),) = run_files.journal(folder)
    assert key == LATENCY and outcome.value == TimedProcess(1, 1, 5)


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: b"", lambda c: bytes(len(c)), lambda c: c + b"x"])
@pytest.mark.parametrize("key", [LATENCY, PREDICTION])
def test_an_array_that_is_not_whole_is_measured_again(key: JobKey, damage: object, folder: Path) -> None:
    path = run_files.output_of(folder, key)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert not run_files.is_whole(folder, key, dict(OUTCOMES)[key])


def test_an_array_of_something_else_is_not_whole(folder: Path) -> None:
    np.save(run_files.output_of(folder, PREDICTION), np.zeros((3, 5), np.float32))
    assert not run_files.is_whole(folder, PREDICTION, dict(OUTCOMES)[PREDICTION])
    for found in (np.array([0.1, np.nan]), np.array([0.1, -1]), np.zeros(3), np.ones((2, 2))):
        np.save(run_files.output_of(folder, LATENCY), found)
        assert not run_files.is_whole(folder, LATENCY, dict(OUTCOMES)[LATENCY])


def test_sound_rows_are_kept_beside_damaged_ones(folder: Path) -> None:
    path = folder / "measurements.jsonl"
    other = replace(OK, cell=replace(OK.cell, model="other"))
    path.write_text(f"{to_json(OK)}\nnot JSON\n{to_json(other)}\n[]\n")
    rows, problem = run_files.sound_measurements(folder)
    assert [m.cell.model for m in rows] == [OK.cell.model, "other"]
    assert f"{path}:2" in problem
    with pytest.raises(RunError, match=":2"):
        run_files.measurements(folder)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("scores.macro_f1.value", 1e308), ("scores.macro_f1.value", 1.5), ("scores.macro_f1.low", -0.1),
        ("scores.macro_auc.value", 2), ("scores.macro_f1.delta", -3), ("latency.p50_s", 0), ("latency.p50_s", 1e300),
        ("latency.p50_s", -0.001), ("latency.process_medians_s", [0.001, 0]), ("artifact.file_size_bytes", -1),
        ("memory.peak_rss_bytes", -5), ("latency.samples", -1), ("artifact.network.sparsity", 7),
        ("latency.throughput_per_s", 1e300), ("scores.max_abs_error", 1e300),
    ],
)  # fmt: skip
def test_a_number_that_no_measurement_has_is_refused(place: str, value: object, folder: Path) -> None:
    row = json.loads(to_json(OK))
    *parts, last = place.split(".")
    table = row | {"scores": row["scores"] | {s["metric"]["name"]: s for s in row["scores"]["metrics"]}}
    for part in parts:
        assert table[part], place
        table = table[part]
    table[last] = value
    if parts == ["scores"]:
        row["scores"][last] = value
    (folder / "measurements.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(RunError) as caught:
        run_store.read(folder)
    assert place in str(caught.value) and "\n" not in str(caught.value)


def test_control_characters_of_another_machine_are_not_shown(folder: Path) -> None:
    facts = {**environment.describe(), "cpu": "\x1b]0;evil\x07Cortex", "packages": {"torch\x1b": "2\n14"}}
    (folder / "environment.json").write_text(json.dumps(facts))
    found = run_store.read(folder).environment
    assert found["cpu"] == "\ufffd]0;evil\ufffdCortex" and found["packages"] == {"torch\ufffd": "2 14"}


def test_what_is_no_file_or_too_large_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "measurements.jsonl").unlink()
    os.mkfifo(folder / "measurements.jsonl")  # reading it would wait for ever
    with pytest.raises(RunError, match=r"measurements.jsonl"):
        run_store.read(folder)
    (folder / "measurements.jsonl").unlink()
    monkeypatch.setattr(run_files, "MOST_BYTES", 10)
    with pytest.raises(RunError, match="larger"):
        run_store.read(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plan.json", "environment.json", "journal.jsonl", "measurements.jsonl"])
def test_every_damaged_copy_is_read_or_refused(name: str, folder: Path) -> None:
    path = folder / name
    content = path.read_bytes()

    def reopened(damaged: bytes) -> None:
        path.write_bytes(damaged)
        if name == "journal.jsonl":
            dict(run_files.journal(folder))
        else:
            run_store.read(folder)

    hold(reopened, of_bytes(content, 500))
    first = content.splitlines()[0] if name.endswith("l") else content
    hold(reopened, (json_bytes(value) + b"\n" for value in of_json(json.loads(first), 500)))
