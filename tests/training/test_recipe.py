"""Recipes refuse what no training can use, and have the published values."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from helpers import edgebench

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.recipe import LIMITS, Recipe, changed

PLAIN = Recipe(epochs=3, batch_size=8, learning_rate=0.1)


def test_changes_are_taken_over_and_the_rest_kept() -> None:
    new = changed(replace(PLAIN, mixup=0.3), {"epochs": 7, "progressive": [0.5, 1.0]})
    assert new == Recipe(epochs=7, batch_size=8, learning_rate=0.1, mixup=0.3, progressive=(0.5, 1.0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epoch": 7}, "a recipe has no 'epoch'; it has epochs, batch_size, learning_rate"),
        ({"epochs": "many"}, "recipe: epochs: must be a whole number, not 'many'"),
        ({"learning_rate": 0}, "recipe: learning_rate: 0 is not above 0"),
        ({"epochs": 1.5}, "recipe: epochs: must be a whole number, not 1.5"),
        ({"learning_rate": "fast"}, "recipe: learning_rate: must be a number, not 'fast'"),
        ({"progressive": 0.5}, "recipe: progressive: must be a list, not 0.5"),
        ({"optimizer": "sgd"}, "recipe: optimizer: must be 'adam', 'adamw' or 'muon'"),
        ({"stop_on": "loss"}, "recipe: stop_on: must be 'macro_auc' or 'macro_f1'"),
        ({"epochs": 0}, "recipe: epochs: 0 is not 1 or more"),
        ({"batch_size": 0}, "recipe: batch_size: 0 is not 1 or more"),
        ({"alpha": 1.5}, "recipe: alpha: 1.5 is not from 0 to 1"),
        ({"temperature": 0}, "recipe: temperature: 0 is not 1e-06 or more"),
        ({"progressive": [0.5, 0.0]}, "recipe: progressive: 0 is not from 1e-06 to 1"),
        ({"learning_rate": math.nan}, "recipe: learning_rate: must be a finite number, not nan"),
    ],
)
def test_what_is_wrong_is_one_line(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError) as caught:
        changed(PLAIN, change)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_the_command_line_says_it_too() -> None:
    done = edgebench("train", "resnet1d", "--dataset", "demo", "--set", "batch_size=0")
    assert done.returncode == 2
    assert "error: recipe: batch_size: 0 is not 1 or more" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_number_but_the_seed_has_limits() -> None:
    numbers = {k for k, v in vars(PLAIN).items() if isinstance(v, int | float | tuple) and not isinstance(v, bool)}
    assert numbers - {"seed"} == set(LIMITS)


@pytest.mark.parametrize("name", registry.names("models"))
def test_every_architectures_own_recipe_can_be_used(name: str) -> None:
    recipe = registry.architecture(name).recipe
    assert changed(recipe, {}) == recipe


def test_the_published_recipe() -> None:
    """Adam at a constant rate and batches of 32, as the course projects did."""
    recipe = Recipe.published(3e-4)
    assert (recipe.optimizer, recipe.schedule, recipe.batch_size, recipe.learning_rate) == (
        "adam",
        "constant",
        32,
        3e-4,
    )
    assert (recipe.epochs, recipe.weight_decay, recipe.crop, recipe.patch_keep) == (50, 0.0, 0, 1.0)
    assert (recipe.mixup, recipe.progressive, recipe.teacher) == (0.0, (), "")
    assert recipe.patience < recipe.epochs, "it stops early"


def test_the_published_recipe_can_be_changed() -> None:
    recipe = Recipe.published(1e-3, batch_size=64, progressive=(0.57, 0.79, 1.0))
    assert (recipe.batch_size, recipe.progressive, recipe.optimizer) == (64, (0.57, 0.79, 1.0), "adam")


@pytest.mark.parametrize(
    ("name", "rate"),
    [("vit", 1e-4), ("deit-tiny", 1e-4), ("deit-base", 1e-4), ("swin-tiny", 1e-4), ("efficientnetv2-s", 1e-3)],
)
def test_architectures_use_it(name: str, rate: float) -> None:
    changes = {"progressive": (0.57, 0.79, 1.0)} if name == "efficientnetv2-s" else {}
    assert registry.architecture(name).recipe == Recipe.published(rate, **changes)
