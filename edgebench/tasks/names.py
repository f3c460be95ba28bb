"""Names that earlier versions, which knew multi-label classification only, gave to what is now every task's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DROP_FLAG, SCORE_FLAG = "--max-f1-drop", "--min-f1"
"""Flags that are still accepted beside `--max-drop` and `--min-score`."""
FIELDS = {"min_f1": "min_score", "max_f1_drop": "max_drop", "f1_drop": "score_drop"}
PREFERENCES = {"f1": "score"}
PROPERTIES = {"f1_change": "score_change"}
RECIPE = {"lead_dropout": "channel_dropout"}
"""Fields of a recipe, in manifests, plans and checkpoints."""


def today(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a request, with today's names."""
    found = {FIELDS.get(name, name): value for name, value in fields.items()}
    if "prefer" in found:
        found["prefer"] = PREFERENCES.get(found["prefer"], found["prefer"])
    return found


def recipe(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a recipe, with today's names; of two with one name the last counts."""
    return {RECIPE.get(name, name): value for name, value in fields.items()}
