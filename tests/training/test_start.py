"""How a training begins: its first weights, its normalisation, and the hashes of what goes into it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import own_files
import pytest
import small_networks
import tiny_training
import torch

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import ModelError
from edgebench.core.recipe import Recipe
from edgebench.data.signals import ECG
from edgebench.models import store
from edgebench.training import start
from edgebench.training.start import new_network, records_hash, set_first_weights, statistics

RECIPE = Recipe(epochs=1, batch_size=2, learning_rate=0.1)
RESNET = replace(RECIPE, start="resnet1d")


def test_statistics_are_numpys() -> None:
    records = registry.dataset("demo").load(DataRequest("test"))
    mean, std = statistics(records)
    signals = np.load(records.input.path).astype(np.float64) / 1000
    np.testing.assert_allclose(mean, signals.mean((0, 2)), rtol=1e-5)
    np.testing.assert_allclose(std, signals.std((0, 2)), rtol=1e-5)


def test_more_records_than_are_read_at_once_count_alike(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 1500)
    mean, std = statistics(records)
    signals = np.load(records.input.path) / 1000
    np.testing.assert_allclose(np.stack([mean, std]), np.stack([signals.mean((0, 2)), signals.std((0, 2))]), rtol=1e-5)


def test_a_new_network_is_normalised_by_the_training_records(tmp_path: Path) -> None:
    records = registry.dataset("demo").load(DataRequest("train", limit=16))
    network = new_network(small_networks.SIGNAL, RECIPE, 5, ECG)
    assert set_first_weights(network, small_networks.SIGNAL, RECIPE, records) == start.RANDOM_WEIGHTS
    mean, std = statistics(records)
    layer = network.get_submodule("standardise")
    assert torch.allclose(layer.get_buffer("mean")[:, 0], torch.from_numpy(mean))
    assert torch.allclose(layer.get_buffer("scale")[:, 0], 1 / torch.from_numpy(std))


def test_a_trained_network_keeps_its_weights_and_its_normalisation(tmp_path: Path) -> None:
    model, architecture = store.find("resnet1d"), registry.architecture("resnet1d")
    network = new_network(architecture, RESNET, 5, ECG)
    said = set_first_weights(network, architecture, RESNET, tiny_training.records(tmp_path))
    assert "resnet1d" in said and model.manifest.weights_sha256[:12] in said
    own = store.network(model).state_dict()
    assert all(torch.equal(own[name], value) for name, value in network.state_dict().items())


def test_another_architecture_cannot_continue() -> None:
    with pytest.raises(ModelError, match=r"start.*resnet1d.*small-signal"):
        new_network(small_networks.SIGNAL, RESNET, 5, ECG)


def test_what_a_model_has_behind_it() -> None:
    before = store.find("resnet1d").manifest
    assert start.earlier_epochs(RECIPE) == {} == start.compression_fields(RECIPE)
    assert start.earlier_epochs(RESNET) == {"epochs_before": before.training["epochs"]}
    assert start.compression_fields(RESNET) == {
        "variant": "none", "structure": {}, "quantization": {}, "before": {}, "compressed_from": "",
    }  # fmt: skip


def test_models_and_code_that_are_used_are_hashed(tmp_path: Path) -> None:
    sha256 = store.find("resnet1d").manifest.weights_sha256
    assert start.input_hashes("resnet1d", RECIPE) == {}
    assert start.input_hashes("resnet1d", replace(RESNET, teacher="resnet1d")) == {
        "teacher_sha256": sha256, "start_sha256": sha256,
    }  # fmt: skip
    net = own_files.write(tmp_path)
    first = start.input_hashes(f"{net}:build", RECIPE)
    net.write_text(net.read_text() + "# another\n")
    second = start.input_hashes(f"{net}:build", RECIPE)
    assert set(first) == {"source_sha256", "card_sha256"}
    assert {k for k in first if first[k] != second[k]} == {"source_sha256"}


def test_other_records_or_labels_have_another_hash(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path)
    changed = [
        replace(records, ids=records.ids + 1), replace(records, targets=1 - records.labels),
        replace(records, label="others"),
    ]  # fmt: skip
    hashes = [records_hash(r, records) for r in (records, *changed)]
    assert len(set(hashes)) == 4 and records_hash(records, records) == hashes[0]
