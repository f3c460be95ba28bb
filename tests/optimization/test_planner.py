"""Which trials come next."""

from __future__ import annotations

from dataclasses import replace

import fed_trials
from fed_trials import RECORDS, SPACE

from edgebench.core.contracts import REFERENCE
from edgebench.optimization.planner import next_step
from edgebench.optimization.space import UNCHANGED, Space
from edgebench.pipeline.trials import Batch, all_trials

WITHOUT = replace(SPACE, structures=())
"""Without training records."""


def planned(budget_s: float, records: int = RECORDS, seconds: float = 10.0, space: Space = WITHOUT) -> list[Batch]:
    found: list[Batch] = []
    while step := next_step(fed_trials.request(budget_s), space, found, records):
        found.append(fed_trials.carry(step, 1e9, seconds * max(1, step.epochs)))
    return found


def test_the_survey_has_every_exporter_and_the_network_itself() -> None:
    batches = planned(600)
    survey = [name for b in batches if b.step.stage == "survey" for name in b.step.exporters]
    assert survey == [REFERENCE, *SPACE.exporters]
    assert {b.step.stage for b in batches} == {"survey", "options"}
    assert not any(t.exporter == REFERENCE for b in batches if b.step.stage == "options" for t in b.trials)


def test_exporters_of_a_format_share_a_batch() -> None:
    names = [*SPACE.exporters, *(f"x{i}" for i in range(4))]
    formats = dict.fromkeys(SPACE.exporters, "onnx") | {"x0": "a", "x1": "a", "x2": "b", "x3": "b"}
    space = Space({name: {} for name in names}, formats=formats)
    survey = [b.step.exporters for b in planned(6000, space=space) if b.step.stage == "survey"]
    assert survey == [(REFERENCE, *SPACE.exporters), ("x0", "x1"), ("x2", "x3")]


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
    names = [name[:2] for name in last.candidates]
    assert len(set(names)) == len(names), "a run has one artifact of each name"


def test_compressed_networks_are_seen_untrained_then_trained_and_then_exported_in_many_ways() -> None:
    batches = planned(2000, space=SPACE)
    stages = list(dict.fromkeys(b.step.stage for b in batches))
    assert stages[:2] == ["survey", "structures"]
    trained = [t.network for b in batches if b.step.stage == "tune" for t in b.trials]
    assert {variant for variant, _ in trained} == set(SPACE.structures)
    epochs = [number for _, number in trained]
    assert epochs == sorted(epochs) and epochs[0] < epochs[-1], "the later rungs train longer"
    last = [b.step for b in batches if b.step.stage == "options" and b.step.epochs]
    assert last, "the options of a trained network are searched, too"
    assert all(step.variants[0] != UNCHANGED for step in last)
    names = [t.key for t in all_trials(batches)]
    assert len(set(names)) == len(names)
