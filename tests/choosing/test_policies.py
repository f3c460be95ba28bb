"""Where a policy comes from, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from decisions import CELL, run_of
from flat_rows import changed

from edgebench.choosing import policies
from edgebench.core.errors import FieldError, PlanError, RunError
from edgebench.core.policy import Policy, Tolerances, Weights
from edgebench.core.serialization import to_dict
from edgebench.pipeline import run_store
from edgebench.pipeline.plan import Plan


def test_a_run_has_the_policy_of_its_plan() -> None:
    own = Policy(max_size_bytes=5e6, weights=Weights(memory=3))
    run = run_of([CELL])
    assert policies.of_run(run) == Policy()
    assert policies.of_run(policies.judged_by(run, own)) == own
    stored = Plan.of({"policy": {"max_size_bytes": 5e6, "weights": {"memory": 3}}}).document()
    assert policies.of_run(replace(run, plan=stored)) == own, "as plan.json has it"
    with pytest.raises(RunError, match="prefer"):
        policies.of_run(replace(run, plan={"policy": {"prefer": "speed"}}))


def test_merged_runs_with_policies_of_their_own_are_judged_by_the_default() -> None:
    one = policies.judged_by(run_of([CELL]), Policy(prefer="size"))
    two = replace(one, name="s", measurements=(changed(CELL, run="s"),))
    assert policies.of_run(run_store.merged([one, two])) == Policy(prefer="size")
    other = policies.judged_by(two, Policy(prefer="score"))
    merged = run_store.merged([one, other])
    assert policies.of_run(merged) == Policy()
    assert policies.of_run(policies.judged_by(merged, Policy(prefer="memory"))) == Policy(prefer="memory")


def test_a_file_beside_the_code(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("max_drop = 0.02\nmax_latency_s = 0.02\n[weights]\nlatency = 2\n[tolerances]\nsize = 0.1\n")
    assert policies.read(path) == Policy(
        max_drop=0.02, max_latency_s=0.02, weights=Weights(latency=2), tolerances=Tolerances(size=0.1)
    )
    for text in ("max_dorp = 0.02", "max_drop = -1", "", "[weights]\nspeed = 1", "x ="):
        path.write_text(text)
        with pytest.raises(PlanError, match=str(path)):
            policies.read(path)
    with pytest.raises(PlanError, match=str(tmp_path / "nothing.toml")):
        policies.read(tmp_path / "nothing.toml")


def test_changes_go_over_it() -> None:
    base = Policy(max_drop=0.02, weights=Weights(latency=2))
    assert policies.changed(base, {"max_drop": None, "min_score": 0.7}) == replace(base, min_score=0.7)
    assert policies.changed(base, {"prefer": "size"}) == Policy(max_drop=0.02, prefer="size")
    assert policies.changed(Policy(prefer="size"), {"weights": {"score": 4}}) == Policy(weights=Weights(score=4))
    with pytest.raises(FieldError, match="max_drop"):
        policies.changed(base, {"max_drop": -1})


def test_it_is_told_with_its_default_bound() -> None:
    text = policies.text(Policy(), [CELL])
    assert "0.01" in text and "latency" in text and "0.05" in text
    emulated = policies.text(Policy(prefer="memory", max_drop=0.03), [changed(CELL, emulated=True)])
    assert "0.03" in emulated and "latency" not in emulated and "memory" in emulated
    assert to_dict(Policy())["max_drop"] is None
