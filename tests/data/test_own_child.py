"""What the child answers; the whole way is in test_own_dataset."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core import user_code
from edgebench.data.own_child import handle


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(code: str, directory: str = "") -> dict[str, Any]:
        path = tmp_path / "mine.py"
        path.write_text(code)
        monkeypatch.setenv(user_code.TRUSTED, str(path))
        (found,) = handle({
            "spec": "mine.py:f", "file": str(path), "name": "f", "folder": str(tmp_path), "split": "test",
            "directory": directory,
        })  # fmt: skip
        return found

    return run


def test_arrays_are_written_and_the_rest_is_answered(answer: Any, tmp_path: Path) -> None:
    found = answer("def f(split, d): return {'x': {'a': [[1.5]], 'b': [2]}, 'y': [3], 'unit': split + str(d)}", "/data")
    assert found == {
        "inputs": ["a", "b"],
        "targets": True,
        "ids": False,
        "classes": [],
        "task": "auto",
        "unit": "test/data",
    }
    assert np.load(tmp_path / "input-0.npy").tolist() == [[1.5]] and np.load(tmp_path / "input-1.npy").tolist() == [2]
    assert np.load(tmp_path / "y.npy").tolist() == [3]


def test_tensors_are_arrays(answer: Any, tmp_path: Path) -> None:
    assert answer("import torch\ndef f(split): return torch.ones(2, 3), torch.tensor([0, 1])")["inputs"] == ["input"]
    assert np.load(tmp_path / "input-0.npy").dtype == np.float32 and np.load(tmp_path / "y.npy").tolist() == [0, 1]


def test_errors_are_answers_of_one_line(answer: Any) -> None:
    for code in (
        "1/0",
        "def f(split): raise ValueError('a\\nb')",
        "def f(): pass",
        "f = 1",
        "def f(split): return {1: 2}",
    ):
        found = answer(code)
        assert set(found) == {"error"} and "\n" not in found["error"]
