"""Requests of a search: what is refused, and what a resume compares."""

from __future__ import annotations

from pathlib import Path

import fed_trials
import pytest

from edgebench.core.errors import PlanError, RunError, UnknownPlugin
from edgebench.optimization import request
from edgebench.optimization.request import FILE
from edgebench.pipeline.trials import SEARCH


def test_a_request_has_one_model_one_target_and_time() -> None:
    asked = request.of("resnet1d", 180, None, None, {"policy": {"max_drop": 0.02, "prefer": "size"}})
    assert asked.plan.measure.targets == ("host",)
    assert asked.plan.measure.policy.max_drop == 0.02
    assert asked.plan.build.exporters, "those that a run would take"
    for wrong in ({"targets": ("host", "x86-cpu")}, {"untrained": True}):
        with pytest.raises(PlanError):
            request.of("resnet1d", 180, None, None, wrong)
    with pytest.raises(PlanError, match="budget"):
        request.of("resnet1d", 5, None, None, {})
    with pytest.raises(UnknownPlugin):
        request.of("resnet1d", 180, None, None, {"exporters": ("onxn",)})


def test_a_target_over_ssh_is_refused(tmp_path: Path) -> None:
    profile = tmp_path / "pi.toml"
    profile.write_text('name = "pi"\ndescription = "a Pi"\narchitecture = "aarch64"\nssh = "pi@pi"\n')
    with pytest.raises(PlanError, match="pi"):
        request.of("resnet1d", 180, None, None, {"targets": (str(profile),)})


def test_a_resume_takes_the_same_values_only(tmp_path: Path) -> None:
    asked = fed_trials.request(600, seed=3)
    request.write(asked, tmp_path / SEARCH)
    assert request.resumed(tmp_path, None, None, None, None, {}) == asked
    assert request.resumed(tmp_path, "resnet1d", 600, 3, True, {"policy": {"max_drop": 0.01}}) == asked
    for model, budget_s, seed, fine_tune in (
        ("vit", None, None, None), (None, 700, None, None), (None, None, 4, None), (None, None, None, False),
    ):  # fmt: skip
        with pytest.raises(RunError, match="another"):
            request.resumed(tmp_path, model, budget_s, seed, fine_tune, {})


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not the folder of a search"):
        request.stored(tmp_path)
    (tmp_path / SEARCH).mkdir()
    for text in ("[]", "{}", '{"plan": {}, "strange": 1}', "{"):
        (tmp_path / SEARCH / FILE).write_text(text)
        with pytest.raises(RunError):
            request.stored(tmp_path)
