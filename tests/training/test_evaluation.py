"""Scores of a network on a fold, by hand, and the manifest that holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_training
import torch
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import ModelError
from edgebench.core.recipe import Recipe
from edgebench.models import store
from edgebench.tasks.statistics import best_thresholds, probabilities
from edgebench.training.evaluation import (
    manifest_fields,
    predict,
    recipe_fields,
    scores_of,
    spread,
    stopping_metric,
    usual_metric,
    validation_score,
)

RECIPE = Recipe(epochs=1, batch_size=2, learning_rate=0.1)


def test_predict_is_the_network() -> None:
    records = registry.dataset("demo").load(DataRequest("test", limit=5))
    network = store.network(store.find("resnet1d"))
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.load(records.input.path).astype(np.float32) / 1000)).numpy()
    np.testing.assert_allclose(predict(network, records), expected, atol=1e-6)


def test_predict_is_in_eval_mode_and_tells_how_far_it_is(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 300)
    network = nn.Sequential(tiny_training.network(), nn.Dropout(0.9)).train()
    seen: list[tuple[int, int]] = []
    found = predict(network, records, lambda done, total: seen.append((done, total)))
    assert seen == [(128, 300), (256, 300), (300, 300)]
    few = predict(network, records, limit=4)
    np.testing.assert_allclose(few, found[[0, 99, 199, 299]], atol=1e-6)


@pytest.mark.parametrize(
    ("records", "limit", "rows"),
    [
        (5, 0, [0, 1, 2, 3, 4]), (5, 5, [0, 1, 2, 3, 4]), (5, 9, [0, 1, 2, 3, 4]), (5, 3, [0, 2, 4]),
        (10, 4, [0, 3, 6, 9]), (5, 1, [0]), (0, 3, []),
    ],
)  # fmt: skip
def test_a_limit_spreads_over_all_records(records: int, limit: int, rows: list[int]) -> None:
    assert spread(records, limit).tolist() == rows


class Saying(nn.Module):
    """Gives these logits, whatever the records are."""

    def __init__(self, answer: Callable[[int], Tensor]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, signals: Tensor) -> Tensor:
        return self.answer(len(signals))


def test_scores_by_hand(tmp_path: Path) -> None:
    """A: decided 1 1 0 0, true 1 0 1 0: one hit of two decided and two true. B: decided as it is."""
    records = replace(tiny_training.records(tmp_path, 4), targets=np.array([[1, 1], [0, 0], [1, 0], [0, 0]], np.uint8))
    logits = np.array([[3.0, 1.0], [1.0, -1.0], [-1.0, -2.0], [-3.0, -3.0]], np.float32)
    scores = scores_of(records, logits, (0.5, 0.5))
    assert (scores.records, scores.by_class["f1_by_class"], scores.metrics["macro_f1"]) == (4, (0.5, 1.0), 0.75)
    assert scores.metrics["macro_auc"] == (0.75 + 1.0) / 2, "of the four pairs of A three are in order"
    higher = scores_of(records, logits, (0.9, 0.9))
    assert list(higher.by_class["f1_by_class"]) == pytest.approx([2 / 3, 0.0])
    assert higher.metrics["macro_auc"] == scores.metrics["macro_auc"]
    undefined = scores_of(replace(records, targets=records.labels * 0), logits, (0.5, 0.5))
    assert "macro_auc" not in undefined.metrics and undefined.metrics["macro_f1"] == 0.0


@pytest.mark.parametrize(("stop_on", "score"), [("macro_f1", 0.9), ("macro_auc", 0.875)])
def test_early_stopping_scores_what_the_recipe_names(stop_on: str, score: float, tmp_path: Path) -> None:
    """Macro-F1 at the best thresholds: of A above 0.05 and of B above 0.5 are 2 hits of 3 decided, and 1 of 1."""
    records = replace(tiny_training.records(tmp_path, 4), targets=np.array([[1, 1], [0, 0], [1, 0], [0, 0]], np.uint8))
    logits = torch.tensor([[3.0, 1.0], [1.0, -1.0], [-1.0, -2.0], [-3.0, -3.0]])
    found = validation_score(Saying(lambda count: logits[:count]), records, replace(RECIPE, stop_on=stop_on))
    assert found == pytest.approx(score)


def test_early_stopping_may_look_at_some_records_only(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 40)
    network = tiny_training.network()
    some, at = spread(40, 10), replace(records.input, path=tmp_path / "part.npy")
    part = replace(records, targets=records.labels[some], ids=records.ids[some], inputs=(at,))
    np.save(part.input.path, np.load(records.input.path)[some])
    assert validation_score(network, records, replace(RECIPE, validation_records=10)) == validation_score(
        network, part, RECIPE
    )


def test_the_manifest_has_thresholds_of_one_fold_and_scores_of_two(tmp_path: Path) -> None:
    train, validation, test = (tiny_training.records(tmp_path, 20, 5, seed) for seed in range(3))
    network, source = tiny_training.network(5), registry.dataset("demo")
    fields = manifest_fields(
        network, "small/net", tiny_training.CONTRACT, source, replace(RECIPE, validation_records=7), train, validation,
        test, {"epochs": 3},
    )  # fmt: skip
    thresholds = best_thresholds(validation.labels, probabilities(predict(network, validation)))
    assert fields["thresholds"] == thresholds
    assert fields["scores"] == {
        source.splits["validation"]: scores_of(validation, predict(network, validation), thresholds),
        source.splits["test"]: scores_of(test, predict(network, test), thresholds),
    }
    assert (fields["name"], fields["parameters"], fields["classes"]) == ("small_net", 8 * 5 + 5, train.classes)
    training = fields["training"]
    assert (training["records"], training["epochs"], training["device"]) == (20, 3, "cpu")
    assert "7 records" in training["early_stopping"]


def test_a_recipe_names_models_not_paths() -> None:
    recipe = replace(RECIPE, teacher=str(store.SHIPPED / "resnet1d.json"), start="")
    fields = recipe_fields(recipe)
    assert (fields["teacher"], fields["start"], fields["learning_rate"]) == ("resnet1d", "", 0.1)


def test_early_stopping_has_a_metric_of_the_task(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 4)
    assert stopping_metric(records, RECIPE).name == "macro_f1", "the primary one"
    assert usual_metric(records, replace(RECIPE, stop_on="macro_auc")) == "macro_auc"
    measured = replace(records, task="regression", targets=records.labels.astype(np.float64))
    assert stopping_metric(measured, RECIPE).name == "mae"
    assert usual_metric(measured, replace(RECIPE, stop_on="x")) == ""
    with pytest.raises(ModelError, match="macro_auc"):
        stopping_metric(measured, replace(RECIPE, stop_on="macro_auc"))
