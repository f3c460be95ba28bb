"""A baseline is a run's folder or a file of one, which may come from another machine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from compared_runs import CELL, MACHINE, run_of, written
from flat_rows import changed, value

from edgebench.choosing import comparison
from edgebench.choosing.baselines import baseline, write_baseline
from edgebench.core.errors import RunError
from edgebench.core.serialization import to_json

STEERING = "\x1b[31m\u202e\x07"


def test_the_medians_of_earlier_runs_are_in_their_samples(tmp_path: Path) -> None:
    folder = written(tmp_path / "old", changed(CELL, process_medians_s=()))
    (folder / "samples").mkdir()
    for number, median in enumerate((0.010, 0.0101)):
        np.save(folder / "samples" / f"{CELL.cell.id}~{number}.npy", np.full(9, median))
    (pair,) = comparison.compared(run_of(CELL), baseline(folder))
    assert pair.latency is not None
    assert pair.latency.ratio == pytest.approx(0.995, abs=0.001)
    write_baseline(baseline(folder), tmp_path / "kept.json")
    (kept,) = baseline(tmp_path / "kept.json").measurements
    assert value(kept, "process_medians_s") == (0.010, 0.0101)


def test_the_texts_of_a_baseline_steer_nothing(tmp_path: Path) -> None:
    row = changed(CELL, target=f"{STEERING}host", verdict="noisy", verdict_reason=STEERING, run=STEERING)
    path = tmp_path / "baseline.json"
    environment = {**MACHINE, "cpu": STEERING, "target_threads": {STEERING: 2}}
    document = {"run": f"r{STEERING}", "environment": environment, "measurements": [json.loads(to_json(row))]}
    path.write_text(json.dumps(document))
    read = baseline(path)
    (m,) = read.measurements
    texts = [
        read.name,
        m.cell.target,
        value(m, "verdict_reason"),
        m.run,
        str(read.environment["cpu"]),
        *read.environment["target_threads"],
    ]
    assert all("\ufffd[31m\ufffd\ufffd" in text for text in texts)
    assert not any(set(text) & set("\x1b\u202e\x07") for text in texts)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"run": ' + "[" * 900 + "]" * 900 + "}", "[]", "3"])
def test_a_file_that_is_no_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(RunError, match=re.escape(str(path))):
        baseline(path)
