"""The search: steps are planned, carried out and stored until the time is over; then the front is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edgebench.core.errors import RunError
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.measuring import environment
from edgebench.optimization import budget, finish, objective, request, space
from edgebench.optimization.planner import next_step
from edgebench.optimization.request import Request
from edgebench.optimization.sampler import require
from edgebench.optimization.screens import Carry, Screens
from edgebench.optimization.space import Space
from edgebench.pipeline import harness, run_store, trials
from edgebench.pipeline.trials import Batch, Journal, Step
from edgebench.reports import columns

UNTRIED = "not tried: the time was over; give a longer --budget"
Planner = Callable[[Request, Space, Sequence[Batch], int], Step | None]
"""Decides the next step, by the batches so far and the number of validation records."""


def search(
    asked: Request,
    folder: Path,
    resume: bool = False,
    listener: ProgressReporter | None = None,
    plan: Planner = next_step,
) -> Run:
    """Search, and measure the front as a run in `folder`; with `resume` complete an interrupted search there.

    `plan` decides the steps. Raises EdgeBenchError.
    """
    reporter, begun = listener or ProgressReporter(), time.monotonic()
    require()
    home = folder / trials.SEARCH
    if not resume:
        never_began = home.is_dir() and {path.name for path in home.iterdir()} <= {".lock"}
        harness.check(asked.plan, folder, resume=False, beside=(trials.SEARCH,) if never_began else ())
    with run_store.locked(home):
        journal = trials.read(home)
        if not (folder / "plan.json").is_file():
            found = space.of(asked.plan, environment.describe(), asked.baseline, asked.fine_tune)
            if not found.exporters:
                reasons = "; ".join(f"{name}: {reason}" for name, reason in found.left_out.items())
                raise RunError(f"no exporter runs on {asked.plan.measure.targets[0]}: {reasons}")
            screens = Screens(asked, home, reporter)
            records = screens.records()
            if not resume:  # from here on nothing is refused any more
                request.write(asked, home)
            trials.write_left_out(home, found.left_out)
            carry_all(asked, found, journal, records, screens.carry_out, reporter, begun, plan=plan)
            if untried := found.untried(journal.batches):
                trials.write_left_out(home, {**found.left_out, **dict.fromkeys(untried, UNTRIED)})
                more = len(untried) * budget.of(asked, journal.batches, records).trial_s
                reporter.note(f"not tried, for want of time: {', '.join(untried)}; they need about {more:.0f} s more")
        return finish.measured(asked, journal, folder, home, reporter)


def carry_all(
    asked: Request,
    found: Space,
    journal: Journal,
    records: int,
    carry: Carry,
    reporter: ProgressReporter,
    begun: float,
    clock: Callable[[], float] = time.monotonic,
    plan: Planner = next_step,
) -> None:
    """Carry out step after step, each stored with the seconds since the one before; the journal alone decides."""
    before = journal.spent_s
    while step := plan(asked, found, journal.batches, records):
        left = budget.of(asked, journal.batches, records)
        reporter.stage(f"search: {step.stage}", 1)
        deadline = left.seconds_for(step) - (clock() - begun - (journal.spent_s - before))
        batch = carry(step, deadline)
        journal.add(trials.timed(batch, clock() - begun - (journal.spent_s - before)))
        reporter.step()
        reporter.note(said(asked, journal.batches))


def said(asked: Request, batches: list[Batch]) -> str:
    """How far the search is: what was tried, the best so far, and the time left."""
    done = trials.all_trials(batches)
    good = objective.ranked(done, asked.plan.measure.policy)
    left = max(0.0, asked.budget_s - sum(b.seconds for b in batches))
    best = good[0].measurement if good else None
    text = "none meets the bound yet"
    if best is not None:
        numbers = (columns.duration(columns.median(best)), columns.size(columns.file_size(best) or 0))
        text = f"best {best.cell.name}, {', '.join(filter(None, numbers))}"
    return f"{len(done)} tried, {len(good)} within the bounds; {text}; {left:.0f} s left of {asked.budget_s:.0f}"
