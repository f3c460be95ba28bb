"""Sentences about runs."""

from __future__ import annotations

from dataclasses import replace

from compared_runs import CELL, run_of

from edgebench.reports import words


def test_a_quick_run_is_called_quick() -> None:
    run = run_of(CELL)
    assert not any("quick" in text for text in words.caveats(run))
    for processes, often in ((1, "one process"), (4, "4 processes")):
        looked = replace(run, plan={**run.plan, "measuring": {"preset": "quick", "processes": processes}})
        (said,) = [text for text in words.caveats(looked) if "quick" in text]
        assert said.startswith(f"{run.name} was quick") and often in said
    assert not any("quick" in text for text in words.caveats(replace(run, plan={"measuring": {"preset": "thorough"}})))
