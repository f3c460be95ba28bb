"""Training: resumable to the bit, and its models can be used."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_networks
import torch

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import ModelError
from edgebench.models import store
from edgebench.tasks.statistics import macro_auc
from edgebench.training import trainer
from edgebench.training.evaluation import predict
from edgebench.training.loop import Watch, train
from edgebench.training.state import EpochReport

RECIPE = {"epochs": 2, "batch_size": 256}
SHORT = {**RECIPE, "crop": 250}
"""For networks that are not small: a quarter of each record."""


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    small_networks.register(monkeypatch)


@pytest.mark.parametrize(("optimizer", "compiled"), [("adamw", False), ("muon", False), ("adamw", True)])
def test_an_interrupted_training_ends_with_the_same_weights(tmp_path: Path, optimizer: str, compiled: bool) -> None:
    recipe = RECIPE | {"optimizer": optimizer}
    whole = train("small-signal", "demo", None, tmp_path / "whole", recipe, compiled=compiled)

    def stop(report: EpochReport) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("small-signal", "demo", None, tmp_path / "parts", recipe, compiled=compiled, watch=Watch(epoch=stop))
    reports: list[EpochReport] = []
    watch = Watch(epoch=reports.append)
    parts = train("small-signal", "demo", None, tmp_path / "parts", recipe, resume=True, compiled=compiled, watch=watch)
    assert [r.epoch for r in reports] == [2]
    a, b = store.network(store.find(str(whole))).state_dict(), store.network(store.find(str(parts))).state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)
    manifest = store.find(str(parts)).manifest
    assert manifest.training["epochs"] == 2
    assert manifest.training["dataset"] == "demo (synthetic)"
    assert manifest.scores["test"].records == 240


def test_starting_from_a_trained_model(tmp_path: Path) -> None:
    notes: list[str] = []
    path = train(
        "resnet1d", "demo", None, tmp_path, {**SHORT, "epochs": 1, "start": "resnet1d", "learning_rate": 1e-6},
        half=True, watch=Watch(note=notes.append),
    )  # fmt: skip
    trained = store.find(str(path))
    before, after = (store.network(store.find(n)).state_dict() for n in ("resnet1d", str(path)))
    weight = "blocks.0.conv1.weight"
    assert not torch.equal(before[weight], after[weight])
    torch.testing.assert_close(before[weight], after[weight], atol=1e-3, rtol=1e-2)
    (note,) = notes
    assert "resnet1d" in note and store.find("resnet1d").manifest.weights_sha256[:12] in note
    past = store.find("resnet1d").manifest.training["epochs"]
    assert (trained.manifest.training["epochs_before"], trained.manifest.training["epochs"]) == (past, 1)
    again = train("resnet1d", "demo", None, tmp_path / "again", {**SHORT, "epochs": 1, "start": str(path)})
    assert store.find(str(again)).manifest.training["epochs_before"] == past + 1
    assert store.find(str(again)).manifest.training["recipe"]["start"] == "resnet1d"  # no path of this machine
    # Half precision: two bytes a parameter, and its scores are those of the rounded weights.
    parameters = sum(p.numel() for p in store.network(trained).parameters())
    assert 2 * parameters < trained.weights.stat().st_size < 2.2 * parameters
    records = registry.dataset("demo").load(DataRequest("test"))
    logits = predict(store.network(trained), records)
    assert macro_auc(records.labels, logits) == trained.manifest.scores["test"].metrics["macro_auc"]
    with pytest.raises(ModelError, match=r"start.*resnet1d.*inceptiontime"):
        train("inceptiontime", "demo", None, tmp_path, {"start": "resnet1d"})


def test_a_resume_keeps_its_first_weights_and_notices_another_teacher(tmp_path: Path) -> None:
    def stop(report: EpochReport) -> None:
        raise KeyboardInterrupt

    recipe = {**SHORT, "start": "resnet1d", "teacher": "resnet1d"}
    with pytest.raises(KeyboardInterrupt):
        train("resnet1d", "demo", None, tmp_path, recipe, watch=Watch(epoch=stop))
    checkpoint = tmp_path / "resnet1d.checkpoint.pt"
    data = torch.load(checkpoint, weights_only=True)
    manifest = store.find(str(train("resnet1d", "demo", None, tmp_path, recipe, resume=True))).manifest
    assert "resnet1d" in manifest.training["started_from"]
    assert manifest.training["teacher_sha256"] == store.find("resnet1d").manifest.weights_sha256
    data["origin"]["teacher_sha256"] = "another"
    torch.save(data, checkpoint)
    with pytest.raises(ModelError, match="teacher_sha256"):
        train("resnet1d", "demo", None, tmp_path, recipe, resume=True)


def test_a_training_that_diverges_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "loss", lambda task, outputs, *rest: outputs.sum() * torch.nan)
    with pytest.raises(ModelError, match="nan"):
        train("small-signal", "demo", None, tmp_path, RECIPE)
    assert not (tmp_path / "small-signal.json").exists()


def test_shapes_on_which_a_network_cannot_be_trained(tmp_path: Path) -> None:
    """Batch normalisation refuses a single value; torch's own error is the cause."""
    with pytest.raises(ModelError, match="inceptiontime") as refused:
        train("inceptiontime", "demo", None, tmp_path, {**RECIPE, "batch_size": 1})
    assert isinstance(refused.value.__cause__, ValueError)
    assert "\n" not in str(refused.value)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="file"):
        train("small-signal", "demo", None, tmp_path / "file" / "models", RECIPE)


def test_classes_in_another_order_are_trained_on_their_own_labels(tmp_path: Path) -> None:
    first = str(train("small-signal", "demo", None, tmp_path / "first", RECIPE))
    turned = small_networks.with_classes_turned(first, tmp_path / "turned")
    more = {**RECIPE, "epochs": 1}
    one, other = (
        store.find(str(train("small-signal", "demo", None, tmp_path / name, {**more, "start": start}))).manifest
        for name, start in (("one", first), ("other", turned))
    )
    assert other.classes == one.classes[::-1]
    assert other.thresholds == pytest.approx(one.thresholds[::-1], abs=0.05)
    assert one.scores["test"].metrics["macro_auc"] > 0.6
    for name, value in one.scores["test"].metrics.items():
        assert other.scores["test"].metrics[name] == pytest.approx(value, abs=0.02), name
