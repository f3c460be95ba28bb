"""The epochs of a training, on a network small enough to compute by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_training
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from edgebench.core.datasets import RecordSet
from edgebench.core.recipe import LEAST_RATE, Recipe
from edgebench.quantization import qat
from edgebench.tasks.multilabel import METRICS
from edgebench.training.devices import Precision
from edgebench.training.state import State
from edgebench.training.trainer import Trainer

RECIPE = Recipe(epochs=2, batch_size=4, learning_rate=LEAST_RATE, schedule="constant", ema=0.0)
"""With a rate that changes nothing."""
CPU = torch.device("cpu")


def trainer(records: RecordSet, recipe: Recipe = RECIPE, network: nn.Module | None = None) -> Trainer:
    torch.manual_seed(0)
    state = State(network or tiny_training.network(), recipe, len(records) // recipe.batch_size, {}, METRICS[0])
    return Trainer(state, records, records.labels.astype(np.float32), Precision("fp32", CPU, {}))


def test_the_loss_of_an_epoch_is_the_mean_over_its_records(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 12)
    made = trainer(records)
    logits = made.state.network(torch.from_numpy(np.load(records.input.path).astype(np.float32) / 1000))
    expected = functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(made.targets)).item()
    assert made.epoch(None) == pytest.approx(expected, rel=1e-5)


def test_positive_records_weigh_as_the_recipe_says(tmp_path: Path) -> None:
    """Class A is positive in 6 of 12 records, B in 4: each positive record of B counts twice."""
    records = tiny_training.records(tmp_path, 12)
    made = trainer(records, replace(RECIPE, class_weights=True))
    logits = made.state.network(torch.from_numpy(np.load(records.input.path).astype(np.float32) / 1000))
    expected = functional.binary_cross_entropy_with_logits(
        logits, torch.from_numpy(made.targets), pos_weight=torch.tensor([1.0, 2.0])
    ).item()
    assert made.epoch(None) == pytest.approx(expected, rel=1e-5)


def test_an_epoch_sees_as_many_records_as_the_recipe_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, seen = trainer(tiny_training.records(tmp_path, 14), replace(RECIPE, training_records=9)), list[int]()

    def note(rows: NDArray[np.int64]) -> float:
        seen.extend(rows.tolist())
        return 0.0

    monkeypatch.setattr(made, "_step", note)
    made.epoch(None)
    first = set(seen)
    made.epoch(None)
    assert len(seen) == 16 and len(first) == 8, "two whole batches of four in each epoch"
    assert set(seen[8:]) != first


def test_each_epoch_sees_whole_batches_in_another_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = tiny_training.records(tmp_path, 14)
    made, batches = trainer(records), list[list[int]]()

    def note(rows: NDArray[np.int64]) -> float:
        batches.append(rows.tolist())
        return 1.0

    monkeypatch.setattr(made, "_step", note)
    steps: list[tuple[int, int, int]] = []
    for number in range(2):
        made.epoch(lambda *step: steps.append(step))
        made.state.epoch = number + 1
    assert steps == [(1, 3, 0), (2, 3, 0), (3, 3, 0), (1, 3, 1), (2, 3, 1), (3, 3, 1)]
    first, second = batches[:3], batches[3:]
    for epoch in (first, second):
        seen = [row for batch in epoch for row in batch]
        assert len(set(seen)) == len(seen) == 12, "two of the 14 fill no batch"
    assert first != second and all(batch == sorted(batch) for batch in batches)


def test_one_seed_is_one_training(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 12)
    recipe = replace(RECIPE, learning_rate=0.1, amplitude=1.5, mixup=0.3, channel_dropout=0.2)

    def trained(seed: int) -> torch.Tensor:
        made = trainer(records, replace(recipe, seed=seed))
        made.epoch(None)
        return made.state.network.get_parameter("2.weight").detach().clone()

    assert torch.equal(trained(1), trained(1)) and not torch.equal(trained(1), trained(2))


def test_a_network_learns(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 12)
    made = trainer(records, replace(RECIPE, learning_rate=0.05, epochs=30))
    losses = [made.epoch(None) for _ in range(30)]
    assert losses[-1] < 0.7 * losses[0]
    average, own = (n.get_parameter("2.weight") for n in (made.state.average, made.state.network))
    assert torch.equal(average, own), "with ema = 0 the average is the network"


def test_gradients_are_clipped(tmp_path: Path) -> None:
    records = tiny_training.records(tmp_path, 4)
    recipe = replace(RECIPE, learning_rate=1e-3, optimizer="adam", gradient_clip=1e-3)
    made = trainer(records, recipe)
    made.epoch(None)
    norms = [p.grad.norm() ** 2 for p in made.state.network.parameters() if p.grad is not None]
    assert torch.stack(norms).sum().sqrt().item() <= 1e-3 + 1e-9


def test_zeros_stay_zero_over_an_epoch(tmp_path: Path) -> None:
    network = tiny_training.network()
    with torch.no_grad():
        network.get_parameter("2.weight")[0] = 0.0
    made = trainer(tiny_training.records(tmp_path, 12), replace(RECIPE, learning_rate=0.1, keep_zeros=True), network)
    made.epoch(None)
    for trained in (network, made.state.average):
        assert (trained.get_parameter("2.weight")[0] == 0).all() and (trained.get_parameter("2.weight")[1] != 0).all()


def test_quantization_is_told_how_far_the_training_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []
    monkeypatch.setattr(qat, "freeze", lambda network, share: shares.append(share))
    made = trainer(tiny_training.records(tmp_path, 8))
    for number in range(2):
        made.epoch(None)
        made.state.epoch = number + 1
    assert shares == [0.0, 0.25, 0.5, 0.75]


class Mode(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.seen = nn.Linear(tiny_training.SAMPLES, 1), set[Any]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.add((self.training, x.shape[-1]))
        return self.linear(nn.functional.pad(x, (0, tiny_training.SAMPLES - x.shape[-1])))[..., 0]  # type: ignore[no-any-return]


def test_a_network_trains_on_the_windows_of_the_recipe(tmp_path: Path) -> None:
    network = Mode().eval()
    trainer(tiny_training.records(tmp_path, 8), replace(RECIPE, crop=3), network).epoch(None)
    assert network.seen == {(True, 3)}
