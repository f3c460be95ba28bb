"""The journal of a search."""

from __future__ import annotations

from pathlib import Path

import fed_trials
import pytest

from edgebench.core.errors import RunError
from edgebench.pipeline import trials
from edgebench.pipeline.trials import JOURNAL, Step


def test_batches_are_read_as_they_were_written(tmp_path: Path) -> None:
    journal = trials.read(tmp_path)
    batch = fed_trials.carry(Step("tune", ("structured-0.3",), ("onnx", "onnx-int8:entropy"), 3), 10)
    journal.add(batch)
    journal.add(trials.timed(batch, 2.5))
    again = trials.read(tmp_path)
    assert again.batches == [batch, trials.timed(batch, 2.5)]
    assert again.spent_s == 7.5
    assert [t.key for t in trials.all_trials(again.batches)][1] == ("structured-0.3", "onnx-int8:entropy", 3)


def test_a_line_that_a_crash_cut_off_is_no_batch_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    journal = trials.read(tmp_path)
    journal.add(fed_trials.carry(Step("survey", ("none",), ("onnx",)), 10))
    with (tmp_path / JOURNAL).open("a") as stream:
        stream.write('{"step": {"sta')
    assert len(trials.read(tmp_path).batches) == 1
    for line in ("{}\n", "nothing\n"):
        (tmp_path / JOURNAL).write_text(line)
        with pytest.raises(RunError, match=f"{JOURNAL}:1"):
            trials.read(tmp_path)
