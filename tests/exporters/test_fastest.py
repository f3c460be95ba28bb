"""int8 only where it is faster: the choice by a made-up cost of parts and borders, and by real timings."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from edgebench.exporters import _fastest  # type: ignore[import-not-found]  # mypy sees it as exporters
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.errors import Unsupported
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ecg
from edgebench.measuring import side_by_side

CONTRACT = ecg(leads=("I", "II", "III", "AVR"), samples=512)
SIGNALS = np.random.default_rng(0).normal(0, 1, (8, *CONTRACT.shape)).astype(np.float32)
PARTS = ["a", "b", "c", "d"]


class Costs:
    """Latencies by hand: of each part in int8 and in float, and of each border between the two."""

    def __init__(self, int8: dict[str, float], floats: dict[str, float], border: float) -> None:
        self.int8, self.floats, self.border = int8, floats, border

    def times(self, *in_float: frozenset[str]) -> list[float]:
        return [self._one(floats) for floats in in_float]

    def _one(self, floats: frozenset[str]) -> float:
        kinds = [part in floats for part in PARTS]
        borders = sum(one != other for one, other in itertools.pairwise(kinds))
        parts = sum((self.floats if part in floats else self.int8)[part] for part in PARTS)
        return parts + self.border * borders


def test_a_part_that_is_faster_in_float_stays_there_and_its_border_is_paid_for() -> None:
    int8, floats = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 3.0}, {"a": 2.0, "b": 2.0, "c": 2.0, "d": 2.0}
    assert _fastest._improved(Costs(int8, floats, 0.5), frozenset(), PARTS) == {"d"}
    assert _fastest._improved(Costs(int8, floats, 1.5), frozenset(), PARTS) == frozenset()
    assert _fastest._improved(Costs(int8, floats, 0.1), frozenset(PARTS), PARTS) == {"d"}


def test_noise_moves_nothing() -> None:
    even = dict.fromkeys(PARTS, 1.0)
    assert _fastest._improved(Costs(even, {**even, "b": 0.97}, 0.0), frozenset(), PARTS) == frozenset()


class Net(nn.Module):
    """One heavy convolution, which int8 makes faster, among light ones."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(4, width, 5, padding=2), nn.ReLU(), nn.Conv1d(width, width, 5, padding=2))
        self.head = nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(x).mean(-1))
        return logits


def task(network: nn.Module, folder: Path) -> ExportTask:
    home = folder / "artifact"
    home.mkdir()
    return ExportTask(network.eval(), home, folder, CONTRACT, lambda: SIGNALS, {"placement": "fastest"})


def test_parts_have_all_weights_each_once() -> None:
    network = nn.Sequential(Net(4), nn.Sequential(nn.Sequential(Net(8), nn.ReLU()), nn.Dropout()))
    found = _fastest.parts(network)
    weights = [w for path in found for w in network.get_submodule(path).parameters() if w.ndim > 1]
    assert len(found) > 2 and len({*map(id, weights)}) == len(weights) == 6
    many = nn.Sequential(*(Net(4) for _ in range(_fastest.MOST_PARTS)))
    assert len(_fastest.parts(many)) == _fastest.MOST_PARTS


def test_a_network_is_exported_in_int8_and_says_what_that_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_fastest, "SECONDS", 0.05)
    torch.manual_seed(0)
    found = registry.exporter("onnx-int8").export(task(Net(256), tmp_path))
    assert found.file.parent == tmp_path / "artifact" and found.precision == "int8"
    assert "body.2" in (found.int8_modules or ()), "it has nearly all multiply-adds"
    assert any("faster on this machine" in note for note in found.notes)


def test_where_int8_brings_nothing_it_is_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "latencies", lambda artifact, paths, *_: [1.0] * len(paths))
    with pytest.raises(Unsupported, match="ship float"):
        registry.exporter("onnx-int8").export(task(Net(4), tmp_path))
