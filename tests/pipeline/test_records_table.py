"""The records beside the predictions, as pandas reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from edgebench.core.datasets import RecordSet
from edgebench.pipeline import records_table


def read(records: RecordSet, folder: Path) -> pd.DataFrame:
    (folder / "predictions").mkdir(exist_ok=True)
    records_table.write(records, folder)
    return pd.read_csv(folder / records_table.FILE)


def test_several_labels_are_a_column_each(demo: RecordSet, tmp_path: Path) -> None:
    found = read(demo, tmp_path)
    assert list(found["id"]) == list(demo.ids)
    np.testing.assert_array_equal(found[[f"target_{name}" for name in demo.classes]], demo.labels)


def test_a_class_has_its_name(demo: RecordSet, tmp_path: Path) -> None:
    numbers = np.arange(len(demo)) % len(demo.classes)
    found = read(replace(demo, targets=numbers.astype(np.int64)), tmp_path)
    assert list(found["label"]) == [demo.classes[number] for number in numbers]
    assert list(found["target"]) == list(numbers)


def test_numbers_are_no_classes_and_unlabelled_records_have_ids_alone(demo: RecordSet, tmp_path: Path) -> None:
    values = np.linspace(0, 1, 2 * len(demo)).reshape(-1, 2)
    found = read(replace(demo, targets=values, classes=("ESV", "EDV")), tmp_path)
    np.testing.assert_allclose(found[["target_ESV", "target_EDV"]], values)
    assert list(read(replace(demo, targets=values[:, 0], classes=("EF",)), tmp_path)) == ["id", "target"]
    assert list(read(replace(demo, targets=None), tmp_path)) == ["id"]
