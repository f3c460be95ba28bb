"""A plan and its document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgebench.core.errors import FieldError, PlanError
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


@pytest.mark.parametrize(
    ("file", "flags", "expected"),
    [
        ("", {"quick": True}, (100, 32, 1, 20, "quick")),
        ("", {"measuring": {"quick": True, "processes": 4}, "limit": 7}, (7, 32, 4, 20, "quick")),
        ("limit = 50\n[measuring]\nprocesses = 5", {"quick": True}, (100, 32, 1, 20, "quick")),
        ('limit = 50\n[measuring]\npreset = "quick"\nprocesses = 5', {}, (50, 32, 5, 20, "quick")),
        ('[measuring]\npreset = "quick"', {"thorough": True}, (None, 256, 10, 200, "thorough")),
        ("", {"quick": True, "measuring": Measuring(processes=2)}, (100, 32, 2, 20, "quick")),
        ("", {"quick": False, "measuring": {"thorough": None}}, (None, 256, 3, 100, "")),
    ],
)
def test_a_preset_fills_what_is_not_named(
    toml: Path, file: str, flags: dict[str, Any], expected: tuple[object, ...]
) -> None:
    toml.write_text(file or "seed = 0")
    plan = read_plan.load(toml, flags)
    m = plan.measure.measuring
    assert (plan.measure.limit, plan.build.calibration_records, m.processes, m.min_samples, m.preset) == expected
    assert read_plan.of_run(json.loads(json.dumps(plan.document())), {}) == plan
    assert read_plan.over(plan, {"quick": True}).measure.measuring.quick


@pytest.mark.parametrize(
    ("flags", "place"),
    [
        ({"quick": True, "thorough": True}, "measuring.thorough"),
        ({"measuring": {"quick": True, "thorough": True}}, "measuring.thorough"),
        ({"measuring": {"min_seconds": 5.0, "max_seconds": 1.0}}, "measuring.max_seconds"),
        ({"measuring": {"quick": True, "steady": 0.1}}, "measuring.steady"),
    ],
)
def test_contradictory_flags_are_refused(flags: dict[str, Any], place: str) -> None:
    with pytest.raises((FieldError, PlanError), match=place):
        read_plan.load(None, flags)
