"""How trials are judged: by the one policy."""

from __future__ import annotations

import fed_trials
from flat_rows import changed
from report_rows import failed

from edgebench.choosing import rule
from edgebench.core.policy import Policy
from edgebench.optimization import objective
from edgebench.pipeline.trials import Trial

POLICY = Policy(max_drop=0.01)
FAST = fed_trials.row("a", latency_p50_s=1e-3, delta_macro_f1=-0.005)
FASTER_BUT_LOST = fed_trials.row("b", latency_p50_s=6e-4, delta_macro_f1=-0.03)


def test_the_value_is_the_policys_cost_where_all_bounds_are_met() -> None:
    assert objective.value(FAST, POLICY) == rule.cost(FAST, POLICY)[2]
    lost = objective.value(FASTER_BUT_LOST, POLICY)
    assert lost is not None and lost > rule.cost(FASTER_BUT_LOST, POLICY)[2]
    assert lost > rule.cost(FAST, POLICY)[2], "a lost score is no bargain"
    assert objective.value(failed("c", "why"), POLICY) is None


def test_a_score_whose_interval_reaches_the_bound_is_hopeful() -> None:
    near = changed(FASTER_BUT_LOST, delta_macro_f1=-0.015, delta_low=-0.03, delta_high=-0.004)
    far = changed(near, delta_high=-0.012)
    assert objective.hopeful(FAST, POLICY) and objective.hopeful(near, POLICY)
    assert not objective.within(near, POLICY)
    assert not objective.hopeful(far, POLICY)
    assert not objective.hopeful(failed("c", "why"), POLICY)


def test_the_potential_leaves_the_score_out() -> None:
    worse = changed(FAST, macro_f1=0.2, delta_macro_f1=-0.5)
    assert objective.potential(worse, POLICY) == objective.potential(FAST, POLICY)
    assert objective.potential(failed("c", "why"), POLICY) is None


def test_the_ranking_has_what_meets_the_bounds_and_equal_files_once() -> None:
    slow, same = fed_trials.row("slow", latency_p50_s=1.0, delta_macro_f1=0.0), Trial(FAST)
    found = objective.ranked(map(Trial, (slow, FAST, FASTER_BUT_LOST, failed("c", "why"), FAST)), POLICY)
    assert [t.exporter for t in found] == ["a", "slow"]
    assert objective.front([same, Trial(FASTER_BUT_LOST)], POLICY) == [same]
    assert objective.front([Trial(failed("c", "why"))], POLICY) == []
