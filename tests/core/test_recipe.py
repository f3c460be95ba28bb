"""Recipes refuse values that no training can use, and have the published defaults."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from helpers import edgebench_here

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.recipe import LIMITS, Recipe, changed

PLAIN = Recipe(epochs=3, batch_size=8, learning_rate=0.1)


def test_changes_replace_their_fields_alone() -> None:
    new = changed(replace(PLAIN, mixup=0.3), {"epochs": 7, "progressive": [0.5, 1.0]})
    assert new == Recipe(epochs=7, batch_size=8, learning_rate=0.1, mixup=0.3, progressive=(0.5, 1.0))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"epoch": 7}, "'epoch'"),
        ({"epochs": "many"}, "'many'"),
        ({"epochs": 1.5}, "1.5"),
        ({"epochs": 0}, "0"),
        ({"batch_size": 0}, "0"),
        ({"learning_rate": 0}, "0"),
        ({"learning_rate": "fast"}, "'fast'"),
        ({"learning_rate": math.nan}, "nan"),
        ({"alpha": 1.5}, "1.5"),
        ({"temperature": 0}, "0"),
        ({"progressive": 0.5}, "0.5"),
        ({"progressive": [0.5, 0.0]}, "0"),
        ({"optimizer": "lion"}, "'adamw'"),
    ],
)
def test_a_wrong_value_is_named_with_its_field(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ModelError, match=next(iter(change))) as caught:
        changed(PLAIN, change)
    assert named in str(caught.value) and "\n" not in str(caught.value)


def test_the_command_line_reports_it() -> None:
    done = edgebench_here("train", "resnet1d", "--dataset", "demo", "--set", "batch_size=0")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "batch_size" in line


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
