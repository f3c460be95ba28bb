"""What the choice promises for any cells and any policy."""

from __future__ import annotations

import random as randomness
from dataclasses import replace

import pytest
from decisions import CIRCLE, MIXED, allowed, measured, one_more, policies, run_of, within
from flat_rows import changed, value
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgebench.choosing import pareto, rule
from edgebench.choosing.recommendation import Recommendation, recommend
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy

FEW = settings(max_examples=50)


def names(answers: list[Recommendation]) -> dict[str, str]:
    return {a.target: a.chosen.cell.id if a.chosen else "" for a in answers}


@FEW
@given(MIXED, policies())
@example(list(CIRCLE), Policy(prefer="score"))
def test_what_is_recommended(rows: list[Measurement], policy: Policy) -> None:
    found = recommend(run_of(rows), policy)
    assert {r.target for r in found} == {m.cell.target for m in rows}
    for answer in found:
        there = measured(rows, answer.target)
        fit = [m for m in there if within(m, policy)]
        assert (answer.chosen is None) == (not fit)
        assert bool(answer.nearest) == bool(there and not fit)
        if answer.chosen is None:
            continue
        assert answer.chosen in fit, "it meets every bound"
        lost = -(value(answer.chosen, "delta_macro_f1") or 0)
        assert lost <= allowed(policy) + 1e-12, "it lost no more than the policy allows"
        costs = [rule.cost(m, policy) for m in fit]
        assert rule.cost(answer.chosen, policy) == min(costs)
        assert all(m in fit for m, _ in answer.rivals) and len(answer.rivals) == min(2, len(fit) - 1)
        assert len({m.cell.id for m in (answer.chosen, *(m for m, _ in answer.rivals))}) == len(answer.rivals) + 1


@FEW
@given(MIXED, policies(), st.data())
@example(list(CIRCLE), Policy(), None)
def test_removing_what_was_not_chosen_changes_nothing(rows: list[Measurement], policy: Policy, data: object) -> None:
    before = names(recommend(run_of(rows), policy))
    others = [m for m in rows if m.cell.id not in before.values()]
    some = st.lists(st.sampled_from(others), min_size=1) if others else st.just([])
    gone = others if data is None else data.draw(some)  # type: ignore[attr-defined]
    left = [m for m in rows if m not in gone]
    after = names(recommend(run_of(left), policy))
    assert all(before[target] == chosen for target, chosen in after.items())


FACTORS = st.sampled_from([1e3, 1e-3, 1024, 2**-20, 7.3, 1 / 3])


@FEW
@given(MIXED, policies(), FACTORS, FACTORS, FACTORS)
def test_units_change_nothing(rows: list[Measurement], policy: Policy, time: float, size: float, memory: float) -> None:
    policy = replace(policy, max_latency_s=None, max_size_bytes=None, max_memory_bytes=None)  # rounding meets them
    factors = dict.fromkeys(("latency_p50_s", "latency_p50_low_s", "latency_p50_high_s"), time)
    factors |= {"file_size_bytes": size, "peak_rss_bytes": memory}
    scaled = [changed(m, **{n: (value(m, n) or 0) * by for n, by in factors.items() if value(m, n)}) for m in rows]
    assert names(recommend(run_of(scaled), policy)) == names(recommend(run_of(rows), policy))


@FEW
@given(MIXED, policies(), st.randoms(use_true_random=False))
@example(list(CIRCLE), Policy(prefer="score"), randomness.Random(0))
def test_the_order_of_rows_plays_no_part(rows: list[Measurement], policy: Policy, random: randomness.Random) -> None:
    mixed = rows[:]
    random.shuffle(mixed)
    assert recommend(run_of(mixed), policy) == recommend(run_of(rows), policy)


@FEW
@given(MIXED, one_more())
def test_one_more_bound_never_makes_it_cheaper(rows: list[Measurement], given: tuple[Policy, Policy]) -> None:
    fewer, more = (recommend(run_of(rows), policy) for policy in given)
    for before, after in zip(fewer, more, strict=True):
        if after.chosen is not None and given[1].min_score == given[0].min_score:
            assert before.chosen is not None
            assert rule.cost(before.chosen, given[0]) <= rule.cost(after.chosen, given[0])


@FEW
@given(MIXED, policies())
def test_without_further_bounds_the_choice_has_a_star(rows: list[Measurement], policy: Policy) -> None:
    policy = Policy(max_drop=policy.max_drop, prefer=policy.prefer, weights=policy.weights)
    for answer in recommend(run_of(rows), policy):
        if answer.chosen is not None and not answer.chosen.emulated:
            assert answer.chosen.cell.id in pareto.front(rows, policy) and answer.dominated_by is None


@pytest.mark.parametrize("prefer", ["latency", "balanced"])
def test_a_circle_of_noise_has_one_answer(prefer: str) -> None:
    policy = Policy(prefer=prefer, max_drop=1.0)  # type: ignore[arg-type]
    chosen = names(recommend(run_of(CIRCLE), policy))["host"]
    for gone in CIRCLE:
        left = [m for m in CIRCLE if m is not gone]
        assert gone.cell.id == chosen or names(recommend(run_of(left), policy))["host"] == chosen
