from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core.datasets import DataRequest, RecordSet, SplitInfo
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.own_arrays.dataset import DATASET

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.savez(
        tmp_path / "a.npz", x=np.arange(100.0).reshape(50, 2), y=np.arange(50) % 3, ids=[f"p{i}" for i in range(50)]
    )
    return tmp_path / "a.npz"


def load(path: Path, split: str = "test", **fields: Any) -> RecordSet:
    return DATASET.load(DataRequest(split, path, **fields))  # type: ignore[arg-type]


def values(records: RecordSet, number: int = 0) -> np.ndarray:
    return np.load(records.inputs[number].path)  # type: ignore[no-any-return]


def test_every_record_keeps_its_target_and_id(file: Path) -> None:
    seen = []
    for split in ("train", "validation", "test"):
        records = load(file, split)
        rows = (values(records)[:, 0] / 2).astype(int)
        assert records.targets is not None and records.targets.tolist() == (rows % 3).tolist()
        assert records.ids.tolist() == [f"p{i}" for i in rows] and records.classes == ("0", "1", "2")
        seen += rows.tolist()
    assert sorted(seen) == list(range(50)) and load(file).inputs[0].name == "input"
    assert load(file, "calibration").ids.tolist() == load(file, "train").ids.tolist()
    assert DATASET.info(file) == [
        SplitInfo("train", 40, 0, 0, 0),
        SplitInfo("validation", 5, 0, 0, 0),
        SplitInfo("test", 5, 0, 0, 0),
    ]
    assert len(list((file.parent / "cache").iterdir())) == 4, "nothing but entries is left in the cache"


def test_without_targets(tmp_path: Path) -> None:
    np.save(tmp_path / "x_test.npy", np.zeros((4, 3)))
    records = load(tmp_path)
    assert records.targets is None and records.task == "" and records.ids.tolist() == [0, 1, 2, 3]
    assert load(tmp_path, options={"task": "classification", "classes": "a,b"}).classes == ("a", "b")
    with pytest.raises(DataError, match="no array 'y' with the targets"):
        load(tmp_path, options={"target": "y"})
    with pytest.raises(DataError, match="no array 'x' for the train split"):
        load(tmp_path, "train")


def test_several_inputs_and_a_regression(tmp_path: Path) -> None:
    ecg, age = RNG.normal(size=(6, 12, 50)), np.arange(6, dtype=np.int16)
    np.savez(tmp_path / "a.npz", ecg_test=ecg, age_test=age, ef_test=np.arange(6) + 0.5)
    records = load(tmp_path / "a.npz", options={
        "inputs": "ecg, age", "target": "ef", "unit": "%", "classes": "EF", "axes": "lead,sample;feature",
    })  # fmt: skip
    assert [(i.name, i.spec.shape, i.storage.dtype) for i in records.inputs] == [
        ("ecg", (12, 50), "float32"), ("age", (1,), "int16")
    ]  # fmt: skip
    assert records.inputs[0].spec.axes == ("lead", "sample") and np.array_equal(values(records, 1)[:, 0], age)
    assert (records.task, records.unit, records.classes) == ("regression", "%", ("EF",))
    assert records.targets is not None and records.targets[:, 0].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


def test_bad_records(tmp_path: Path) -> None:
    x, y = np.zeros((5, 2)), np.array([0.5, np.nan, 1, 2, 3])
    x[3, 1] = np.inf
    np.savez(tmp_path / "a.npz", x_test=x, y_test=y)
    with pytest.raises(BadRecord, match=r"record 1: target is not a finite number \(and 1 more"):
        load(tmp_path / "a.npz")
    records = load(tmp_path / "a.npz", skip_bad_records=True)
    assert records.ids.tolist() == [0, 2, 4] and len(records.dropped) == 2 and len(values(records)) == 3
    assert DATASET.info(tmp_path / "a.npz") == [SplitInfo("test", 5, 0, 1, 0)]


@pytest.mark.parametrize(
    ("arrays", "options", "said"),
    [
        ({"x_test": np.zeros((2, 1)), "y_test": [0, 7]}, {"classes": "a,b"}, "label 7 is outside of the 2 classes"),
        ({"x": np.zeros((3, 1)), "y": [0, -2, 1]}, {}, "label -2 is outside of the classes"),
        ({"x": np.zeros((3, 1))}, {"target": "label"}, "no array 'label'"),
        ({"x": np.array(["a"] * 30)}, {}, "holds text"),
        ({"x": np.zeros((3, 1))}, {}, "no record for the test split"),
        ({"x_test": np.zeros((0, 1))}, {}, "no record for the test split"),
        ({"x_test": np.zeros((3, 1)), "ids_test": [[1], [2], [3]]}, {}, "ids of type"),
        ({"x_test": np.zeros((3, 1))}, {"inputs": "x,x"}, "name each input once"),
        ({"x_test": np.zeros((3, 1))}, {"inputs": "../x"}, "a name has letters"),
        ({"x_test": np.zeros((3, 1))}, {"task": "x"}, "choose auto"),
        ({"x_test": np.zeros((3, 1), np.uint8)}, {"per_unit": "0"}, "above 0"),
        ({"x_test": np.zeros((3, 1), np.uint8)}, {"per_unit": "9" * 400}, "above 0"),
        ({"x_test": [[1]], "y_test": [1], "x_train": [[1]], "y_train": [0.5]}, {}, "for classification"),
        ({"x_test": [[1]], "y_test": [0.1], "x_train": [[1]], "y_train": [[0.5, 1]]}, {}, "another shape"),
    ],
)
def test_bad_input_is_one_line(arrays: dict[str, Any], options: dict[str, str], said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=said) as raised:
        load(tmp_path / "a.npz", options=options)
    assert "\n" not in str(raised.value) and not list((tmp_path / "cache").glob("*"))


def test_the_cache_never_answers_for_other_arrays(file: Path) -> None:
    first = values(load(file))
    np.savez(file, x=np.arange(100.0).reshape(50, 2) + 1, y=np.arange(50) % 3)
    assert np.array_equal(values(load(file)), first + 1)
    assert load(file, options={"axes": "thing"}).inputs[0].spec.axes == ("thing",)
