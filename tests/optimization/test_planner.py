"""Which trials come next."""

from __future__ import annotations

import fed_trials
from fed_trials import RECORDS, SPACE

from edgebench.core.contracts import REFERENCE
from edgebench.optimization.planner import next_step
from edgebench.optimization.trials import Batch, all_trials


def planned(budget_s: float, records: int = RECORDS, seconds: float = 10.0) -> list[Batch]:
    found: list[Batch] = []
    while step := next_step(fed_trials.request(budget_s), SPACE, found, records):
        found.append(fed_trials.carry(step, 1e9, seconds))
    return found


def test_the_survey_has_every_exporter_and_the_network_itself() -> None:
    batches = planned(600)
    survey = [name for b in batches if b.step.stage == "survey" for name in b.step.exporters]
    assert survey == [REFERENCE, *SPACE.exporters]
    assert {b.step.stage for b in batches} == {"survey", "options"}
    assert not any(t.exporter == REFERENCE for b in batches if b.step.stage == "options" for t in b.trials)


def test_a_search_ends_where_the_time_or_the_space_does() -> None:
    assert len(all_trials(planned(100_000))) == SPACE.size + 1
    short = planned(100, seconds=25)
    assert 0 < len(all_trials(short)) < SPACE.size
    assert planned(60, seconds=30)[1:] == []


def test_the_best_are_confirmed_on_all_records_once() -> None:
    batches = planned(400, records=2000)
    assert [b.step.stage for b in batches].count("confirm") == 1
    last = batches[-1].step
    assert last.stage == "confirm" and last.candidates
    assert set(last.candidates) <= {t.key for t in all_trials(batches[:-1])}
