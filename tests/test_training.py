"""Training: resumable to the bit, and what it writes can be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgebench import registry
from edgebench.contracts import DataRequest, Recipe
from edgebench.data.augment import augment
from edgebench.errors import ModelError
from edgebench.models import store
from edgebench.training import EpochReport, lead_statistics, predict, train

RECIPE = {"epochs": 2, "batch_size": 256}


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = train("resnet1d", "demo", None, tmp_path / "whole", RECIPE)

    def stop(report: EpochReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("resnet1d", "demo", None, tmp_path / "parts", RECIPE, on_epoch=stop)
    reports: list[EpochReport] = []
    parts = train("resnet1d", "demo", None, tmp_path / "parts", RECIPE, resume=True, on_epoch=reports.append)
    assert [r.epoch for r in reports] == [2]
    a, b = store.network(store.find(str(whole))).state_dict(), store.network(store.find(str(parts))).state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)
    manifest = store.find(str(parts)).manifest
    assert manifest.training["epochs"] == 2
    assert manifest.training["dataset"] == "demo (synthetic)"
    assert manifest.scores["test"].records == 240


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    train("resnet1d", "demo", None, tmp_path, RECIPE | {"epochs": 1})
    with pytest.raises(ModelError, match="other recipe"):
        train("resnet1d", "demo", None, tmp_path, RECIPE, resume=True)


def test_lead_statistics_are_numpys() -> None:
    records = registry.dataset("demo").load(DataRequest("test"))
    mean, std = lead_statistics(records)
    signals = np.load(records.signals).astype(np.float64) / 1000
    np.testing.assert_allclose(mean, signals.mean((0, 2)), rtol=1e-5)
    np.testing.assert_allclose(std, signals.std((0, 2)), rtol=1e-5)


def test_predict_is_the_network(tmp_path: Path) -> None:
    records = registry.dataset("demo").load(DataRequest("test", limit=5))
    network = store.network(store.find("resnet1d"))
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.load(records.signals).astype(np.float32) / 1000)).numpy()
    np.testing.assert_allclose(predict(network, records, torch.device("cpu")), expected, atol=1e-6)


def test_augmentation_does_what_the_recipe_says() -> None:
    base = Recipe(epochs=1, batch_size=1, learning_rate=0.1, weight_decay=0.0)
    signals, labels = torch.randn(8, 12, 1000), torch.eye(8)[:, :5]
    random = torch.Generator().manual_seed(0)
    same, kept = augment(signals, labels, base, random)
    assert torch.equal(same, signals)
    assert torch.equal(kept, labels)
    cropped, _ = augment(signals, labels, Recipe(1, 1, 0.1, 0.0, crop=800), random)
    assert cropped.shape == (8, 12, 800)
    assert any(torch.equal(cropped, signals[..., i : i + 800]) for i in range(201))
    scaled, _ = augment(signals, labels, Recipe(1, 1, 0.1, 0.0, amplitude=1.25), random)
    factors = (scaled / signals).mean((1, 2))
    assert 0.79 < factors.min() < factors.max() < 1.26
    silent, _ = augment(signals, labels, Recipe(1, 1, 0.1, 0.0, lead_dropout=0.5), random)
    assert 20 < int((silent == 0).all(-1).sum()) < 76
    mixed = [augment(signals, labels, Recipe(1, 1, 0.1, 0.0, mixup=0.3), random)[1] for _ in range(20)]
    assert 4 < sum(not torch.equal(m, labels) for m in mixed) < 18
    assert all(torch.allclose(m.sum(), labels.sum()) for m in mixed)
