"""Accuracy-aware quantization, on the demo set and on numbers that are given."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small_networks

from edgebench.artifacts import opening
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import DataError, PlanError
from edgebench.core.progress import ProgressReporter
from edgebench.search import mixed_precision
from edgebench.search.mixed_precision import Request
from edgebench.training.loop import train


class Given(mixed_precision._Tries):
    """Tries whose losses are given instead of measured."""

    def __init__(self, drops: Callable[[int], float], modules: int, bound: float) -> None:
        self.request, self.reporter = Request("net", "onnx-int8", bound, "demo"), ProgressReporter()
        self.ranked, self.done, self.drops = [str(i) for i in range(modules)], {}, drops
        self.asked: list[int] = []

    def drop(self, in_float: int) -> float:
        if in_float not in self.asked:
            self.asked.append(in_float)
        return self.drops(in_float)


@pytest.mark.parametrize("needed", range(20))
def test_the_fewest_are_found_in_few_tries(needed: int) -> None:
    tries = Given(lambda k: 0.0 if k >= needed else 0.1, 20, 0.01)
    assert tries.fewest() == min(needed, 19)
    assert len(tries.asked) <= 7


def test_where_nothing_is_enough_all_but_one_stay_in_float() -> None:
    assert Given(lambda _: 0.5, 12, 0.01).fewest() == 11


@pytest.mark.slow
def test_a_search_on_the_demo_set_and_a_second_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request("resnet8-demo-images", "fbgemm-int8", 0.05, "demo-images", calibration_records=32)
    found, ranked = mixed_precision.search(request, tmp_path)
    assert len(ranked) == 10 + 1, "its convolutions and its linear layer, and what is between them"
    assert found.within
    assert found.trials[0].in_float == 0
    assert Path(found.manifest).is_file()
    assert set(found.test) == {"float", "int8", "found"}
    assert found.test["float"].primary.delta == 0
    told = json.loads((tmp_path / "search.json").read_text())
    assert told["modules"] == list(found.modules)
    lines = (tmp_path / "sensitivity.csv").read_text().splitlines()
    assert lines[0] == "module,agreement,error,parameters"
    assert len(lines) == 1 + len(ranked)
    manifest = json.loads(Path(found.manifest).read_text())
    assert sum("int8 hurts most" in part for part in manifest["float_parts"]) == len(found.modules) < 3

    # The fewest that are tried are tested above; here one try is enough.
    monkeypatch.setattr(mixed_precision._Tries, "fewest", lambda tries: int(tries.drop(3) > -1) * 3)
    second, _ = mixed_precision.search(replace(request, max_drop=-1.0), tmp_path)
    assert second.manifest == found.manifest
    assert not second.within
    again = json.loads(Path(second.manifest).read_text())
    assert sum("int8 hurts most" in part for part in again["float_parts"]) == len(second.modules) == 3
    assert again["file_size_bytes"] > manifest["file_size_bytes"]


def test_a_bound_is_a_number(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="is not a number"):
        mixed_precision.search(Request("resnet1d", "onnx-int8", float("nan"), "demo"), tmp_path)


def test_an_output_that_cannot_be_written_is_told_first(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlanError, match=r"cannot be written \(.*\); give another --output"):
        mixed_precision.search(Request("resnet1d", "onnx-int8", 0.01, "demo"), tmp_path / "file" / "out")


def test_only_static_int8(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"'torchscript' is not static int8.*: .*fbgemm-int8, .*onnx-int8"):
        mixed_precision.search(Request("resnet1d", "torchscript", 0.01, "demo"), tmp_path)


def test_records_are_labelled_in_the_order_of_the_models_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_networks.register(monkeypatch)
    model = str(train("small-signal", "demo", None, tmp_path / "first", {"epochs": 1, "batch_size": 256}))
    turned = small_networks.with_classes_turned(model, tmp_path / "turned")
    seen: list[RecordSet] = []

    def looked(self: object, request: Request, ranked: list[str], *records: Any) -> None:
        seen.extend(records[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(mixed_precision._Tries, "__init__", looked)
    monkeypatch.setattr(mixed_precision, "sensitivities", lambda *_: [])
    monkeypatch.setattr(opening, "network", lambda _: None)  # its process does not know this network
    for name in (model, turned):
        with pytest.raises(KeyboardInterrupt):
            mixed_precision.search(Request(name, "fbgemm-int8", 0.1, "demo", calibration_records=8), tmp_path / "out")
    for one, other in zip(seen[:2], seen[2:], strict=True):
        assert other.classes == one.classes[::-1]
        assert (other.labels == one.labels[:, ::-1]).all() and not (other.labels == one.labels).all()


def test_the_datasets_options_are_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "network", lambda _: None)
    request = Request("resnet1d", "fbgemm-int8", 0.1, "demo", options={"min_likelihood": "50"})
    with pytest.raises(DataError, match="min_likelihood"):
        mixed_precision.search(request, tmp_path / "out")
