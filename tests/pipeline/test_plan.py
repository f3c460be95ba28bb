"""A plan and its document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgebench.core.errors import PlanError
from edgebench.core.settings import Measuring
from edgebench.pipeline import read_plan


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "plan.toml"


def test_a_plan_comes_back_from_its_document(toml: Path) -> None:
    toml.write_text('data_dir = "somewhere"\nlimit = 5\nartifacts = ["a/manifest.json"]\n[measuring]\nprocesses = 4\n')
    found = read_plan.load(toml, {})
    stored = json.loads(json.dumps(found.document()))
    assert read_plan.of_run(stored, {"limit": None, "exporters": ()}) == found
    longer = read_plan.of_run(stored, {"limit": 9, "measuring": {"warmup": 3}})
    assert (longer.measure.limit, longer.measure.measuring) == (9, Measuring(processes=4, warmup=3))
    with pytest.raises(PlanError, match=r"^the run's plan: colour: "):
        read_plan.of_run({**stored, "colour": "red"}, {})
