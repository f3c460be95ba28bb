"""Training: resumable to the bit, and what it writes can be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgebench import registry
from edgebench.contracts import DataRequest
from edgebench.errors import ModelError
from edgebench.models import store
from edgebench.statistics import macro_auc
from edgebench.training.evaluation import predict
from edgebench.training.loop import Watch, lead_statistics, train
from edgebench.training.state import EpochReport

RECIPE = {"epochs": 2, "batch_size": 256}


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = train("resnet1d", "demo", None, tmp_path / "whole", RECIPE)

    def stop(report: EpochReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("resnet1d", "demo", None, tmp_path / "parts", RECIPE, watch=Watch(epoch=stop))
    reports: list[EpochReport] = []
    parts = train("resnet1d", "demo", None, tmp_path / "parts", RECIPE, resume=True, watch=Watch(epoch=reports.append))
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


def test_going_on_from_a_trained_model(tmp_path: Path) -> None:
    told: list[str] = []
    path = train(
        "resnet1d", "demo", None, tmp_path, {**RECIPE, "epochs": 1, "start": "resnet1d", "learning_rate": 1e-6},
        half=True, watch=Watch(note=told.append),
    )  # fmt: skip
    trained = store.find(str(path))
    before, after = (store.network(store.find(n)).state_dict() for n in ("resnet1d", str(path)))
    weight = "blocks.0.conv1.weight"
    assert not torch.equal(before[weight], after[weight])
    torch.testing.assert_close(before[weight], after[weight], atol=1e-3, rtol=1e-2)
    assert told == [f"goes on from resnet1d, weights {store.find('resnet1d').manifest.weights_sha256[:12]}"]
    # Half precision: the file is half as large, and its scores are those of the rounded weights.
    assert trained.weights.stat().st_size < 0.55 * store.find("resnet1d").weights.stat().st_size
    records = registry.dataset("demo").load(DataRequest("test"))
    logits = predict(store.network(trained), records, torch.device("cpu"))
    assert macro_auc(records.labels, logits) == trained.manifest.scores["test"].macro_auc
    with pytest.raises(ModelError, match="start: resnet1d is a resnet1d, not a inceptiontime"):
        train("inceptiontime", "demo", None, tmp_path, {"start": "resnet1d"})
