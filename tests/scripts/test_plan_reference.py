"""The plan reference is the schema's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields

import plan_reference
import pytest

from edgebench.core.recipe import Recipe
from edgebench.core.settings import FineTuning, Measuring
from edgebench.pipeline.plan import FIELDS


def test_the_page_is_current() -> None:
    assert plan_reference.page() == plan_reference.PAGE.read_text(), "run python scripts/plan_reference.py"


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("plan", tuple(FIELDS)),
        ("measuring", tuple(f.name for f in fields(Measuring))),
        ("finetuning", tuple(f.name for f in fields(FineTuning))),
        ("recipe", tuple(f.name for f in fields(Recipe))),
    ],
)
def test_every_field_has_a_row_with_its_meaning(name: str, names: tuple[str, ...]) -> None:
    rows = [[cell.strip() for cell in line.split("|")] for line in plan_reference.table(name).splitlines()[2:]]
    assert [row[0] for row in rows] == [f"`{n}`" for n in names]
    assert all(row[-1] for row in rows)


def test_a_field_without_a_docstring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_reference, "docstrings", lambda kind: defaultdict(str))
    with pytest.raises(ValueError, match="models"):
        plan_reference.table("plan")


def test_flags_are_those_of_run() -> None:
    found = plan_reference.flags()
    assert (found["models"], found["artifacts"], found["measuring.paced_s"]) == ("--model", "--artifact", "--paced")
    known = {*FIELDS, "policy.max_latency_s", *(f"measuring.{f.name}" for f in fields(Measuring))}
    assert set(found) <= known | {f"finetuning.{f.name}" for f in fields(FineTuning)}
