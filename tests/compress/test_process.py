"""The answers of the process that compresses, on real networks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from edgebench.compress import process
from edgebench.compress.chain import Records
from edgebench.compress.request import CompressRequest
from edgebench.core.serialization import to_dict
from edgebench.core.settings import FineTuning
from edgebench.models import store
from edgebench.training.loop import Watch


def answers(folder: Path, **changes: Any) -> list[dict[str, Any]]:
    fields: dict[str, Any] = {
        "model": "resnet1d", "variant": "l1-0.4", "folder": str(folder), "base": "", "dataset": "demo",
        "directory": "", "calibration": 16, "skip_bad": False, "seed": 0, "tuning": FineTuning(),
    }  # fmt: skip
    return list(process._handle(to_dict(CompressRequest(**(fields | changes)))))


def test_it_answers_with_the_manifest(tmp_path: Path) -> None:
    (answer,) = answers(tmp_path / "made")
    assert answer == {"manifest": str(tmp_path / "made" / "resnet1d.json")}
    assert store.find(answer["manifest"]).manifest.variant == "l1-0.4"


def test_what_cannot_be_compressed_is_unsupported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a network without a convolution."""
    monkeypatch.setattr(store, "network", lambda model: nn.Sequential(nn.Flatten(), nn.Linear(12_000, 5)))
    (answer,) = answers(tmp_path)
    assert set(answer) == {"unsupported"} and "l1-0.4-linear" in answer["unsupported"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model": "socrates"}, "socrates"),
        ({"variant": "l1-7"}, "l1-7"),
        ({"dataset": "moon", "variant": "structured-0.5-taylor"}, "moon"),
    ],
)
def test_what_the_user_can_mend_is_an_error(changes: dict[str, Any], named: str, tmp_path: Path) -> None:
    (answer,) = answers(tmp_path, **changes)
    assert set(answer) == {"error"} and named in answer["error"]
    assert not (tmp_path / "resnet1d.json").exists()


def test_it_tells_how_far_it_is_but_not_at_each_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []

    def quickly(
        name: str, spec: str, folder: Path, records: Records, tuning: FineTuning, watch: Watch, base: str
    ) -> Path:
        assert watch.data and watch.step
        assert (records.dataset, records.directory, records.calibration) == ("demo", tmp_path, 16)
        watch.data(3, 9)
        for step in range(1, 100):
            watch.step(step, 99, 4)
        return folder / "made.json"

    monkeypatch.setattr(process, "say", told.append)
    monkeypatch.setattr(process, "compress", quickly)
    monkeypatch.setattr(process, "REPORT_INTERVAL_S", 0.0)
    assert answers(tmp_path, directory=str(tmp_path)) == [{"manifest": str(tmp_path / "made.json")}]
    texts = [line["doing"] for line in told]
    assert (texts[0], texts[1], texts[-1]) == ("record 3 of 9", "epoch 5, step 1 of 99", "epoch 5, step 99 of 99")
    told.clear()
    monkeypatch.setattr(process, "REPORT_INTERVAL_S", math.inf)
    answers(tmp_path, directory=str(tmp_path))
    assert not told
