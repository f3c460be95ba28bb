from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core import user_code
from edgebench.core.datasets import DataRequest, Dataset, RecordSet, SplitInfo
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.own_dataset import source

TABULAR = """
import numpy as np
def dataset(split):
    n = {"train": 20, "validation": 4, "test": 6}[split]
    return np.arange(n * 3.0).reshape(n, 3), np.arange(n) + 0.5
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def write(code: str) -> Dataset:
        path = tmp_path / "mine.py"
        path.write_text(code)
        monkeypatch.setenv(user_code.TRUSTED, str(path))
        return source(f"{path}:dataset")

    return write


def load(dataset: Dataset, split: str = "test", **fields: Any) -> RecordSet:
    return dataset.load(DataRequest(split, **fields))  # type: ignore[arg-type]


def test_two_arrays_are_enough(own: Any, tmp_path: Path) -> None:
    dataset = own(TABULAR)
    records = load(dataset)
    assert (records.label, records.task, records.classes) == ("mine", "regression", ("y",))
    assert records.targets is not None and records.targets.tolist() == [[i + 0.5] for i in range(6)]
    assert np.load(records.inputs[0].path)[1].tolist() == [3, 4, 5] and records.inputs[0].name == "input"
    assert len(load(dataset, "calibration")) == 20 and len(load(dataset, limit=2)) == 2
    assert dataset.info(tmp_path) == [
        SplitInfo("train", 20, 0, 0, 0),
        SplitInfo("validation", 4, 0, 0, 0),
        SplitInfo("test", 6, 0, 0, 0),
    ]


def test_a_table_says_more(own: Any, tmp_path: Path) -> None:
    records = load(own(
        "import numpy as np\n"
        "def dataset(split, directory):\n"
        "    n = int((directory / 'n.txt').read_text())\n"
        "    return {'x': {'image': np.zeros((n, 3, 8, 8), np.uint8), 'age': np.arange(n)}, 'y': [2] * n,\n"
        "            'ids': [f'p{i}' for i in range(n)], 'classes': ['a', 'b', 'c']}\n"
    ), directory=(tmp_path / "n.txt").write_text("4") and tmp_path)  # fmt: skip
    assert [(i.name, i.spec.shape, i.storage.dtype) for i in records.inputs] == [
        ("image", (3, 8, 8), "uint8"), ("age", (1,), "float32")
    ]  # fmt: skip
    assert records.ids.tolist() == ["p0", "p1", "p2", "p3"] and records.classes == ("a", "b", "c")
    assert records.task == "classification"
    unlabelled = load(own("def dataset(split): return {'x': [[1.0]]}"))
    assert unlabelled.targets is None and unlabelled.task == ""


def test_the_cache_answers_for_this_content_only(own: Any, tmp_path: Path) -> None:
    dataset = own(f"import numpy as np\ndef dataset(split): return np.load({str(tmp_path / 'x.npy')!r}), [0.5, 1]\n")
    for value in (1.0, 2.0):
        np.save(tmp_path / "x.npy", np.full((2, 1), value))
        records = load(dataset)
        assert np.load(records.inputs[0].path).tolist() == [[value], [value]]
    assert load(dataset).inputs == records.inputs


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("other = 1", "has no function 'dataset'"),
        ("dataset = 1", "has no function 'dataset'"),
        ("def dataset(split): 1/0", "ZeroDivisionError"),
        ("def dataset(split): return 5", "returns int; return"),
        ("def dataset(split): return None", "returns nothing for the test split"),
        ("def dataset(split): return {'x': [[1]], 'z': 1}", "unknown key 'z'"),
        ("def dataset(split): return [[1], [2, 3]], [1, 2]", "no array"),
        ("def dataset(split): return [object()], [1]", "object of shape"),
        ("def dataset(split): return [[1], [2]], [1]", "y has 1 rows, where input has 2"),
        ("def dataset(split): return [], []", "float64|returns no record"),
        ("def dataset(split): return {'x': [[1]], 'y': [1], 'task': 'x'}", "choose auto"),
        ("def dataset(split): return {'x': [[1]], 'y': [3], 'classes': ['a']}", "label 3 is outside of the 1 classes"),
        ("def dataset(split): return [[1]], [1]", "y has classes"),
        ("def dataset(split): return {'x': {'../a': [[1]]}}", "a name has letters"),
        ("import os\ndef dataset(split): os._exit(3)", "status 3"),
        ("import sys\ndef dataset(split): sys.exit('done')", "SystemExit: done"),
    ],
)
def test_what_a_function_does_wrong_is_one_line(code: str, said: str, own: Any) -> None:
    with pytest.raises(DataError, match=said) as raised:
        load(own(code))
    assert "\n" not in str(raised.value) and "Traceback" not in str(raised.value)


def test_targets_that_are_not_finite(own: Any) -> None:
    dataset = own("def dataset(split): return [[1.0], [2.0]], [float('nan'), 0.5]")
    with pytest.raises(BadRecord, match="record 0: target is not a finite number"):
        load(dataset)
    assert load(dataset, skip_bad_records=True).ids.tolist() == [1]


def test_a_file_that_the_user_did_not_name_is_not_run(
    own: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = own(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.setenv(user_code.TRUSTED, "")
    with pytest.raises(DataError, match=user_code.TRUSTED):
        load(dataset)
    assert not (tmp_path / "ran").exists()


def test_a_table_of_scikit_learn(own: Any) -> None:
    """Eight lines of a user's: the diabetes set, split by themselves."""
    dataset = own(
        "from sklearn.datasets import load_diabetes\n"
        "def dataset(split):\n"
        "    x, y = load_diabetes(return_X_y=True)\n"
        "    part = {'train': slice(0, 300), 'validation': slice(300, 370), 'test': slice(370, None)}[split]\n"
        "    return x[part], y[part]\n"
    )
    records = load(dataset)
    assert (len(records), records.task, records.inputs[0].spec.shape) == (72, "regression", (10,))
    assert records.targets is not None and 25 <= records.targets.min() < records.targets.max() <= 346
