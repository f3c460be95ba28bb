from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from edgebench.core import registry
from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import DataError
from edgebench.data.signals import ECG, SUPERCLASSES

HOME = Path(str(files("edgebench.data.demo")))
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def load(split: Split = "test", **options: int) -> RecordSet:
    return registry.dataset("demo").load(DataRequest(split, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("split", "count"), [("train", 512), ("validation", 160), ("test", 240), ("calibration", 512)])
def test_contract(split: Split, count: int) -> None:
    found = load(split)
    signals = np.load(found.input.path)
    assert signals.dtype == np.int16 and signals.shape == (count, 12, 1000)
    assert found.labels.dtype == np.uint8 and found.labels.shape == (count, 5)
    assert set(np.unique(found.labels)) == {0, 1}
    assert found.labels.any(axis=0).all(), "a class never occurs"
    assert found.labels.any(axis=1).all(), "a record without a class"
    assert (found.classes, found.input.spec) == (SUPERCLASSES, ECG)
    assert len(found) == len(set(found.ids.tolist())) == count
    assert 200 < np.abs(signals.astype(np.int32)).max() < 20_000, "not of an ECG's size in microvolts"


def test_tables_say_that_it_is_synthetic(demo: RecordSet) -> None:
    assert (demo.dataset, demo.label) == ("demo", "demo (synthetic)")


def test_two_fresh_caches_hold_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("one", "two"):
        monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / name))
        records = load("validation")
        assert records.input.path.is_relative_to(tmp_path / name)
        found.append((records.input.path.read_bytes(), records.labels.tobytes(), records.ids.tobytes()))
    assert found[0] == found[1]


def test_no_record_is_in_two_splits() -> None:
    records = {s: {signal.tobytes() for signal in np.load(load(s).input.path)} for s in SPLITS}
    for one, other in combinations(SPLITS, 2):
        assert not records[one] & records[other]
    calibration = {signal.tobytes() for signal in np.load(load("calibration").input.path)}
    assert calibration <= records["train"]


def test_limit_takes_the_first_and_leaves_the_whole_alone() -> None:
    some, everything = load(limit=7), load()
    assert (len(some), len(everything)) == (7, 240)
    assert np.array_equal(np.load(some.input.path), np.load(everything.input.path)[:7])
    assert np.array_equal(some.labels, everything.labels[:7])


def test_an_empty_limit_is_not_kept_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    assert len(load(limit=0)) == 0
    assert len(load()) == 240


def test_it_has_no_options() -> None:
    with pytest.raises(DataError, match="rate_hz"):
        registry.dataset("demo").load(DataRequest("test", options={"rate_hz": "500"}))


def test_no_template_is_near_a_single_patient() -> None:
    about = json.loads((HOME / "about.json").read_text())
    with np.load(HOME / "beats.npz") as bank:
        beats, labels, counts = bank["beats"], bank["labels"], bank["counts"]
    assert about["fewest_records_in_a_mean"] == counts.min() >= 50
    assert about["templates"] == len(beats) == len(labels) == len(counts)
    named = Counter("+".join(c for c, on in zip(SUPERCLASSES, row, strict=True) if on) for row in labels)
    assert sorted(about["combinations"]) == sorted(named)
    assert "CC BY 4.0" in about["source"] and about["license"] == "CC-BY-4.0"


def test_the_package_data_stay_small() -> None:
    assert sum(file.stat().st_size for file in HOME.rglob("*")) < 500_000
