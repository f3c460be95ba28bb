from __future__ import annotations

from edgebench.core.recipe import Recipe, changed
from edgebench.tasks import names


def test_a_recipe_of_an_earlier_version_has_todays_fields() -> None:
    plain = Recipe(epochs=1, batch_size=1, learning_rate=1)
    assert changed(plain, names.recipe({"lead_dropout": 0.2, "mixup": 0.1})) == Recipe(
        1, 1, 1, channel_dropout=0.2, mixup=0.1
    )
    assert names.recipe({"channel_dropout": 0.1, "lead_dropout": 0.3}) == {"channel_dropout": 0.3}, "the last counts"


def test_bounds_have_todays_names() -> None:
    assert names.today({"max_f1_drop": 0.1, "prefer": "f1"}) == {"max_drop": 0.1, "prefer": "score"}
