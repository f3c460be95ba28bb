"""The state of a training: kept and restored to the bit, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_training
import torch
from torch import nn

from edgebench.core.errors import DiskFull, ModelError
from edgebench.core.recipe import Recipe
from edgebench.tasks.multilabel import METRICS
from edgebench.tasks.regression import TASK as REGRESSION
from edgebench.training import state as states
from edgebench.training.state import State, is_unfinished

RECIPE = Recipe(epochs=3, batch_size=2, learning_rate=0.1, patience=2)


def state_of(recipe: Recipe = RECIPE, **origin: str) -> State:
    torch.manual_seed(0)
    return State(tiny_training.network(), recipe, 4, {"records": "r", **origin}, METRICS[0])


def stepped(state: State) -> torch.Tensor:
    """One step with random gradients; returns what the random numbers were."""
    drawn = torch.rand(8, generator=state.random)
    for p in state.network.parameters():
        p.grad = torch.full_like(p, float(drawn.mean()))
    state.optimizer.step()
    state.schedule.step()
    state.update_average(0)
    return drawn


def weights(state: State) -> list[torch.Tensor]:
    return [*state.network.state_dict().values(), *state.average.state_dict().values()]


def test_a_restored_training_goes_on_to_the_bit(tmp_path: Path) -> None:
    first = state_of()
    stepped(first)
    first.end_epoch(0.7)
    first.seconds, first.started_from, first.scaler = 12.5, "random", {"scale": 2.0}
    torch.rand(3)
    first.save(tmp_path / "x.pt")
    drawn, default = stepped(first), torch.rand(3)
    again = state_of()
    stepped(again), stepped(again)
    again.load(tmp_path / "x.pt")
    assert (again.epoch, again.best_score, again.best_epoch, again.seconds) == (1, 0.7, 1, 12.5)
    assert (again.started_from, again.scaler) == ("random", {"scale": 2.0})
    assert torch.equal(stepped(again), drawn) and torch.equal(torch.rand(3), default)
    assert all(torch.equal(a, b) for a, b in zip(weights(again), weights(first), strict=True))
    assert again.schedule.get_last_lr() == first.schedule.get_last_lr()


def checkpoint(folder: Path, change: Callable[[dict[str, Any]], object] = lambda data: None) -> Path:
    """A checkpoint after one epoch, changed."""
    state = state_of()
    state.end_epoch(0.7)
    state.save(folder / "x.pt")
    data = torch.load(folder / "x.pt", weights_only=True)
    change(data)
    torch.save(data, folder / "x.pt")
    return folder / "x.pt"


@pytest.mark.parametrize(
    ("recipe", "origin", "named"),
    [
        (replace(RECIPE, epochs=4), {}, ["epochs"]),
        (replace(RECIPE, epochs=4, crop=3), {}, ["crop", "epochs"]),
        (RECIPE, {"records": "others"}, ["records"]),
        (RECIPE, {"teacher_sha256": "t"}, ["teacher_sha256"]),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(
    recipe: Recipe, origin: dict[str, str], named: list[str], tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as refused:
        state_of(recipe, **origin).load(checkpoint(tmp_path))
    assert f"another {', '.join(named)};" in str(refused.value) and str(tmp_path) in str(refused.value)


def test_a_field_that_is_newer_than_the_checkpoint_has_its_default(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, lambda data: data["recipe"].pop("row_keep"))
    state_of().load(path)
    with pytest.raises(ModelError, match="row_keep"):
        state_of(replace(RECIPE, row_keep=0.5)).load(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"nothing of use"),
        lambda path: path.write_bytes(path.read_bytes()[:-500]),
        lambda path: torch.save({"recipe": {"colour": "red"}}, path),
        lambda path: torch.save([1, 2], path),
    ],
    ids=["noise", "cut off", "another recipe", "a list"],
)
def test_a_damaged_checkpoint_is_one_line(damage: Callable[[Path], object], tmp_path: Path) -> None:
    path = checkpoint(tmp_path)
    damage(path)
    with pytest.raises(ModelError, match=r"x\.pt") as refused:
        state_of().load(path)
    assert "\n" not in str(refused.value)
    assert is_unfinished(path), "and no new training overwrites it"


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = checkpoint(tmp_path)
    other = State(tiny_training.network(3), RECIPE, 4, {"records": "r"}, METRICS[0])
    with pytest.raises(ModelError, match=r"x\.pt.*fit"):
        other.load(path)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = checkpoint(tmp_path)
    before = path.read_bytes()

    def full(data: object, file: Path) -> None:
        file.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file")

    def no_space(folder: Path) -> None:
        raise DiskFull(str(folder))

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(RuntimeError, match="PytorchStreamWriter"):
        state_of().save(path)
    monkeypatch.setattr(states, "require_space", no_space)
    with pytest.raises(DiskFull, match=str(tmp_path)):
        state_of().save(path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["x.pt"]


def test_the_best_epoch_is_kept() -> None:
    state = state_of()
    for score, bias in ((0.5, 1.0), (0.7, 2.0), (0.6, 3.0)):
        nn.init.constant_(state.average.get_parameter("2.bias"), bias)
        state.end_epoch(score)
    assert (state.epoch, state.best_score, state.best_epoch) == (3, 0.7, 2)
    assert state.best["2.bias"].tolist() == [2.0, 2.0]


def test_the_average_moves_by_hand() -> None:
    """At step 0 by 9 of 10 parts, at step 10 by 9 of 20, and never by less than 1 - ema."""
    state = state_of(replace(RECIPE, ema=0.6))
    name = "2.bias"
    nn.init.constant_(state.average.get_parameter(name), 0.0)
    nn.init.constant_(state.network.get_parameter(name), 1.0)
    state.update_average(0)
    assert state.average.get_parameter(name).tolist() == pytest.approx([0.9, 0.9])
    state.update_average(10)
    assert state.average.get_parameter(name).tolist() == pytest.approx([0.9 + 0.1 * 9 / 20] * 2)
    state.update_average(1000)
    assert state.average.get_parameter(name).tolist() == pytest.approx([1 - 0.1 * 11 / 20 * 0.6] * 2)


def test_counters_are_copied_not_averaged() -> None:
    network = nn.Sequential(nn.BatchNorm1d(2))
    state = State(network, RECIPE, 4, {}, METRICS[0])
    network.get_buffer("0.num_batches_tracked").fill_(7)
    state.update_average(0)
    assert state.average.state_dict()["0.num_batches_tracked"] == 7


@pytest.mark.parametrize("keep", [True, False])
def test_zeros_of_a_pruned_network_stay(keep: bool) -> None:
    network = tiny_training.network()
    with torch.no_grad():
        network.get_parameter("2.weight")[0] = 0.0
        network.get_parameter("2.bias").zero_()
    state = State(network, replace(RECIPE, keep_zeros=keep), 4, {}, METRICS[0])
    stepped(state)
    state.restore_zeros()
    weight, bias = network.get_parameter("2.weight"), network.get_parameter("2.bias")
    assert bool((weight[0] == 0).all()) == keep and (weight[1] != 0).all()
    assert (bias != 0).all(), "a bias that starts at zero was not pruned"


def test_the_learning_rate_rises_and_falls_or_stays() -> None:
    state, rates = state_of(replace(RECIPE, warmup_share=0.5)), []
    for _ in range(3 * 4):
        rates.append(state.schedule.get_last_lr()[0])
        stepped(state)
    assert rates.index(max(rates)) == 5 and max(rates) == pytest.approx(0.1) and rates[-1] < rates[0] < 0.01
    constant = state_of(replace(RECIPE, schedule="constant"))
    stepped(constant)
    assert constant.schedule.get_last_lr() == [0.1, 0.1]


def test_a_training_of_one_step_has_a_schedule() -> None:
    state = State(tiny_training.network(), replace(RECIPE, epochs=1), 2, {}, METRICS[0])
    stepped(state)


@pytest.mark.parametrize(
    ("epoch", "best", "unfinished"), [(0, 0, True), (2, 1, True), (2, 0, False), (3, 3, False)]
)  # fmt: skip
def test_what_can_be_resumed(epoch: int, best: int, unfinished: bool, tmp_path: Path) -> None:
    """Of three epochs, where two without a better score end it."""
    path = checkpoint(tmp_path, lambda data: data.update(numbers=[epoch, 0.7, best, 1.0]))
    assert is_unfinished(path) == unfinished
    assert not is_unfinished(tmp_path / "none.pt")


def test_the_best_epoch_is_that_of_the_metrics_own_direction() -> None:
    mae = REGRESSION.metrics(1, "")[0]
    state = State(tiny_training.network(), replace(RECIPE, epochs=4), 2, {}, mae)
    for score in (None, 5.0, 3.0, 4.0):
        state.end_epoch(score)
    assert (state.best_score, state.best_epoch) == (3.0, 3)
