"""The verbs that read: names to complete, paths as text, bounds as arguments."""

from __future__ import annotations

import inspect
import typing
from pathlib import Path

import pytest
from compared_runs import CELL, slower, written
from flat_rows import changed

import edgebench
from edgebench.core.errors import PlanError, RunError
from edgebench.core.policy import Policy, Weights


def test_every_public_name_is_listed_and_there() -> None:
    assert {"run", "recommend", "explain", "inspect", "quantize", "doctor", "read"} <= set(dir(edgebench))
    assert set(dir(edgebench)) == set(edgebench.__all__)
    assert all(getattr(edgebench, name) is not None for name in dir(edgebench))


def test_the_bounds_are_named_arguments() -> None:
    found = set(inspect.signature(edgebench.recommend).parameters)
    assert {"max_latency_s", "max_size_bytes", "max_memory_bytes", "min_score", "max_drop", "prefer"} <= found
    hints = typing.get_type_hints(Policy)
    assert set(hints) <= found


def test_recommend_takes_bounds_and_text_paths(tmp_path: Path) -> None:
    small = changed(CELL, exporter="onnx-int8", precision="int8", file_size_bytes=100, latency_p50_s=0.02)
    folder = str(written(tmp_path / "run", CELL, small))
    (fast,) = edgebench.recommend(folder, max_latency_s=0.015)
    (light,) = edgebench.recommend(folder, weights=Weights(latency=0, size=10))
    assert fast.chosen is not None and fast.chosen.cell.exporter == "onnx" and "ship net onnx" in repr(fast)
    assert light.chosen is not None and light.chosen.cell.exporter == "onnx-int8"
    policy = tmp_path / "policy.toml"
    policy.write_text('prefer = "size"\n')
    answers = edgebench.recommend(folder, policy=str(policy), max_latency_s=0.001)
    assert answers[0].policy == Policy(max_latency_s=0.001, prefer="size") and answers[0].chosen is None
    assert answers.to_pandas()["exporter"].isna().all()
    for wrong in ({"max_latency": 1}, {"prefer": "speed"}, {"max_drop": -1}):
        with pytest.raises(PlanError):
            edgebench.recommend(folder, **wrong)


def test_runs_are_compared_as_tables(tmp_path: Path) -> None:
    old, new = str(written(tmp_path / "old", CELL)), str(written(tmp_path / "new", slower(2)))
    pairs = edgebench.compare(new, old)
    assert pairs.to_pandas()["latency"][0] == pytest.approx(2) and "slower" in repr(pairs)
    again, findings = edgebench.gate(new, old)
    assert len(again) == 1 and findings[0].kind == "worse" and "does not pass" in repr(findings)
    with pytest.raises(RunError):
        edgebench.read(tmp_path / "none")


def test_layers_are_a_table(exported: Path) -> None:
    layers = edgebench.inspect(str(exported / "onnx"))
    assert len(layers) == len(layers.to_pandas()) > 10 and layers[0].name in repr(layers)
