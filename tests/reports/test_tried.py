"""The section of a search in the reports of its run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fed_trials
import pytest
from report_rows import OK, failed, run_of, text_of

from edgebench.core.measurements import Run
from edgebench.pipeline import trials
from edgebench.pipeline.trials import JOURNAL, SEARCH
from edgebench.reports import tried


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of a search with a trial within the bounds, one that lost its score, one that failed, and one batch cut."""
    journal = trials.read(tmp_path / SEARCH)
    (tmp_path / SEARCH).mkdir()
    good = fed_trials.row("onnx-int8", latency_p50_s=1e-3, delta_macro_f1=-0.001)
    lost = fed_trials.row("other-int8", latency_p50_s=5e-4, delta_macro_f1=-0.2)
    journal.add(fed_trials.batch(good, lost, failed("onnx", "it crashed <b>")))
    journal.add(replace(fed_trials.batch(OK), trials=(), reason="no time was left"))
    trials.write_left_out(tmp_path / SEARCH, {"litert": "litert_torch is not installed"})
    return replace(run_of(OK), folder=tmp_path, plan={**run_of(OK).plan, "policy": {"max_drop": 0.01}})


def test_each_trial_says_why_it_was_dropped(run: Run) -> None:
    found = tried.of(run)
    assert found
    rows = {row[1]: row for row in reversed(tried.rows(found))}  # of one that is there twice the first
    assert rows["onnx-int8"][-1] == "within the bounds"
    assert "misses" in rows["other-int8"][-1]
    assert "it crashed" in rows["onnx"][-1] and rows["onnx"][-1].startswith("failed")
    assert rows["litert"] == ["left out", "litert", *tried.BLANK, "litert_torch is not installed"]
    assert tried.rows(found)[3][-1] == "no time was left"
    assert all(len(row) == len(tried.HEADINGS) for row in rows.values())
    assert list(tried._best([(0, 3.0, True), (1, 1.0, False), (2, 2.0, True)], "latency")) == [(0, 3), (1, 3), (2, 2)]


def test_reports_of_a_search_have_it_and_others_do_not(run: Run, tmp_path: Path) -> None:
    for name in ("md", "html"):
        text = text_of(name, run)
        assert tried.TITLE in text
        assert "it crashed <b>" not in text, "names and reasons are no markup"
        assert tried.TITLE not in text_of(name, replace(run, folder=tmp_path / "another"))
    parts, files = tried.section(run)
    assert list(files) == [tried.FILE] and files[tried.FILE].startswith("<?xml")
    assert tried.section(run) == (parts, files), "the same bytes each time"


def test_a_damaged_journal_takes_no_report(run: Run) -> None:
    (run.folder / SEARCH / JOURNAL).write_text("{}\n")
    assert tried.of(run) is None
    assert tried.TITLE not in text_of("md", run)


@pytest.mark.parametrize("prefer", ["size", "memory", "score", "balanced"])
def test_the_picture_shows_what_is_preferred(run: Run, prefer: str) -> None:
    found = tried.of(replace(run, plan={**run.plan, "policy": {"prefer": prefer}}))
    assert found
    drawn = tried.picture(found)
    assert drawn and tried.SCALES["latency" if prefer == "balanced" else prefer][1] in drawn.text  # type: ignore[index]
