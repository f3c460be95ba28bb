"""Four random kills over one run; the script does forty over ten."""

from __future__ import annotations

import random
import runpy
import time
from pathlib import Path

import pytest

SMALL = 'models = ["resnet8-demo-images"]\ndataset = "demo-images"\n'
"""A network whose files are written faster than the default one's; the rest of the script's plan is as it is."""
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "random_kills.py"


@pytest.mark.slow
def test_a_killed_run_has_all_cells_equal_scores_and_leaves_nothing(tmp_path: Path) -> None:
    script = runpy.run_path(str(SCRIPT))
    disturbed, plan = script["Disturbed"], SMALL + script["PLAN"]
    begun = time.monotonic()
    plain = disturbed(tmp_path / "undisturbed", 1, random.Random(0), plan)
    plain.carry_out(0)
    assert {m.status for m in plain.cells().values()} == {"ok"}
    run = disturbed(tmp_path / "killed", time.monotonic() - begun, random.Random(1), plan)
    run.carry_out(4)
    assert sum(run.kills.values()) == 4
    run.check(plain.cells())
