from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest
from edgebench.data.demos.dataset import DIGITS, ECHO, IMAGES, Demo

DEMOS = [pytest.param(demo, id=demo.name) for demo in (DIGITS, IMAGES, ECHO)]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@pytest.mark.parametrize("demo", DEMOS)
def test_contract(demo: Demo) -> None:
    assert "synthetic" in demo.label
    seen: set[bytes] = set()
    most = {split: min(count, 160) if demo is ECHO else count for split, count in demo.counts.items()}
    for split in SPLITS:
        records = demo.load(DataRequest(split, limit=most[split]))  # a clip has 300 kB
        (stored,) = records.inputs
        array = np.load(stored.path, mmap_mode="r")
        assert array.shape == (most[split], *stored.spec.shape) and array.dtype == stored.storage.dtype == "uint8"
        assert (records.label, records.task, records.classes, records.unit) == (
            demo.label,
            demo.task,
            demo.classes,
            demo.unit,
        )
        assert records.targets is not None and len(records.targets) == len(records) == len(set(records.ids.tolist()))
        if demo.task == "classification":
            counts = np.bincount(records.targets, minlength=10)
            assert records.targets.dtype == np.int64 and len(counts) == 10 and counts.min() > 20
        else:
            assert records.targets.dtype == np.float64 and records.targets.shape == (len(records), 1)
            assert 5 < records.targets.min() < 35 and 65 < records.targets.max() < 90 and records.targets.std() > 8
        own = {record.tobytes() for record in array}
        assert len(own) == len(records) and not own & seen, "no record is in two splits"
        seen |= own
    calibration, train = (demo.load(DataRequest(split, limit=9)) for split in ("calibration", "train"))
    assert calibration.inputs[0].path != train.inputs[0].path
    assert [row.records for row in demo.info(Path())] == list(demo.counts.values())


@pytest.mark.parametrize("demo", DEMOS)
def test_two_fresh_caches_hold_the_same(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("one", "two"):
        monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / name))
        records = demo.load(DataRequest("validation"))
        assert records.inputs[0].path.is_relative_to(tmp_path / name) and records.targets is not None
        found.append((records.inputs[0].path.read_bytes(), records.targets.tobytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize("demo", DEMOS)
def test_a_limit_takes_the_first(demo: Demo) -> None:
    some, whole = demo.load(DataRequest("validation", limit=5)), demo.load(DataRequest("validation"))
    assert len(some) == 5 and some.targets is not None and whole.targets is not None
    assert np.array_equal(some.targets, whole.targets[:5])
    assert np.array_equal(np.load(some.inputs[0].path), np.load(whole.inputs[0].path)[:5])


def test_a_simple_classifier_learns_and_does_not_learn_all() -> None:
    """Ridge regression on the classes: above chance, below perfect."""
    data = {}
    for split in ("train", "test"):
        records = DIGITS.load(DataRequest(split))
        assert records.targets is not None
        data[split] = np.load(records.inputs[0].path).reshape(len(records), -1) / 255 - 0.4, records.targets
    x, y = data["train"]
    weights = np.linalg.solve(x.T @ x + 30 * np.eye(x.shape[1]), x.T @ np.eye(10)[y])
    score = float(((data["test"][0] @ weights).argmax(1) == data["test"][1]).mean())
    assert 0.3 < score < 0.95


def test_a_clip_shows_its_ejection_fraction() -> None:
    """The darkest pixels near the middle, counted in each frame, know something of it."""
    records = ECHO.load(DataRequest("test"))
    clips = np.load(records.inputs[0].path)[:, :, 0, 20:95, 25:90].astype(float)
    dark = (clips < 0.25 * clips.mean((2, 3), keepdims=True)).sum((2, 3))
    share = 1 - dark.min(1) / dark.max(1)
    assert records.targets is not None
    assert 0.35 < np.corrcoef(share, records.targets[:, 0])[0, 1] < 0.99
