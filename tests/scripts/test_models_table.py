"""The page of the models says what the models are."""

from __future__ import annotations

import models_table

from edgebench.core import registry
from edgebench.core.metrics import Metric
from edgebench.models.catalog import ModelFacts


def test_the_page_is_current() -> None:
    assert "| `resnet1d` " in models_table.page()
    assert models_table.page() == models_table.PAGE.read_text(), "run python scripts/models_table.py"


def test_another_task_has_a_table_of_its_own() -> None:
    ecg = ModelFacts("net", 1000, 2000, 4000, "multilabel", _scored("multilabel", 0.7, 0.9), True)
    image = ModelFacts("resnet8", 77_000, 12_500_000, 160_000, "classification", _scored("classification", 0.86), True)
    later = ModelFacts("untrained", 5, axes=("row", "column"))
    first, second, third = models_table.table([image, later, ecg]).split("\n\n")
    assert [line.split("|")[1].strip() for line in first.splitlines()[2:]] == ["`net`"]
    assert [one.strip() for one in third.splitlines()[2].split("|")[1:-1]] == ["`untrained`", "5", "", "row/column"]
    assert "fold 10 macro-F1" in first and "top-1" not in first
    assert second.splitlines()[0].split("|")[-2].strip() == "top-1" and "0.860" in second


def _scored(task: str, *values: float) -> tuple[tuple[Metric, float], ...]:
    return tuple(zip(registry.task(task).metrics(3, ""), values, strict=False))
