"""Four random kills over one run; the script does forty over ten."""

from __future__ import annotations

import random
import runpy
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "random_kills.py"


@pytest.mark.slow
def test_a_killed_run_has_all_cells_equal_scores_and_leaves_nothing(tmp_path: Path) -> None:
    disturbed = runpy.run_path(str(SCRIPT))["Disturbed"]
    begun = time.monotonic()
    plain = disturbed(tmp_path / "undisturbed", 1, random.Random(0))
    plain.carry_out(0)
    assert {m.status for m in plain.cells().values()} == {"ok"}
    run = disturbed(tmp_path / "killed", time.monotonic() - begun, random.Random(1))
    run.carry_out(4)
    assert sum(run.kills.values()) == 4
    run.check(plain.cells())
