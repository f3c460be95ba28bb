"""The search on made-up measurements: it ends in time, and a kill changes nothing."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import fed_trials
import pytest
from fed_trials import RECORDS, SPACE, Clock

from edgebench.core.progress import ProgressReporter
from edgebench.optimization import finish
from edgebench.optimization.request import Request
from edgebench.optimization.search import carry_all
from edgebench.pipeline import trials
from edgebench.pipeline.trials import Batch, Journal, Step


def searched(folder: Path, asked: Request, clock: Clock) -> Journal:
    folder.mkdir(exist_ok=True)
    journal = trials.read(folder)
    carry_all(asked, SPACE, journal, RECORDS, clock.carry, ProgressReporter(), clock.now, clock)
    return journal


def front(asked: Request, journal: Journal) -> list[tuple[str, str, int]]:
    return [t.key for t in finish.finalists(asked, journal.batches, 4)]


def test_a_search_leaves_time_for_its_final_run(tmp_path: Path) -> None:
    asked, clock = fed_trials.request(300), Clock()
    journal = searched(tmp_path, asked, clock)
    assert journal.spent_s == pytest.approx(clock.now)
    assert clock.now < 300 - 30
    assert len(trials.all_trials(journal.batches)) > 8
    names = [t.key for t in trials.all_trials(journal.batches)]
    assert len(set(names)) == len(names), "nothing is tried twice"


def test_the_same_seed_and_numbers_give_the_same_choice(tmp_path: Path) -> None:
    asked = fed_trials.request(200)
    one, other = (searched(tmp_path / name, asked, Clock()) for name in ("one", "other"))
    assert [b.step for b in one.batches] == [b.step for b in other.batches]
    another = searched(tmp_path / "another", fed_trials.request(200, seed=1), Clock())
    assert [b.step for b in another.batches] != [b.step for b in one.batches]


class Killed(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("seed", range(10))
def test_killed_at_random_moments_and_resumed_it_ends_with_the_same_front(tmp_path: Path, seed: int) -> None:
    asked, chance = fed_trials.request(200), random.Random(seed)
    undisturbed = searched(tmp_path / "whole", asked, Clock())
    folder = tmp_path / "killed"
    folder.mkdir()
    ended = False
    while not ended:
        clock, left = Clock(), iter(range(chance.randrange(4)))

        def carry(step: Step, deadline_s: float, clock: Clock = clock, left: Iterator[int] = left) -> Batch:
            if next(left, None) is None:
                raise Killed
            return clock.carry(step, deadline_s)

        journal = trials.read(folder)
        with contextlib.suppress(Killed):
            carry_all(asked, SPACE, journal, RECORDS, carry, ProgressReporter(), clock.now, clock)
            ended = True
    assert [b.step for b in journal.batches] == [b.step for b in undisturbed.batches]
    assert front(asked, journal) == front(asked, undisturbed) != []
