"""Four random kills over one run; the script does forty over ten."""

from __future__ import annotations

import random
import runpy
import time
from pathlib import Path

import pytest
from helpers import edgebench_here

from edgebench.pipeline import run_store

SMALL = 'models = ["resnet8-demo-images"]\ndataset = "demo-images"\n'
"""A network whose files are written faster than the default one's; the rest of the script's plan is as it is."""
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "random_kills.py"


@pytest.mark.slow
def test_a_killed_run_has_all_cells_equal_scores_and_leaves_nothing(tmp_path: Path) -> None:
    script = runpy.run_path(str(SCRIPT))
    (tmp_path / "plan.toml").write_text(plan := SMALL + script["PLAN"])
    begun = time.monotonic()
    assert edgebench_here("run", tmp_path / "plan.toml", "-o", tmp_path / "plain").returncode == 0
    plain = {m.cell.id: m for m in run_store.read(tmp_path / "plain").measurements}
    assert {m.status for m in plain.values()} == {"ok"}
    seconds = 2 * (time.monotonic() - begun)  # real processes import torch, too
    run = script["Disturbed"](tmp_path / "killed", seconds, random.Random(1), plan)
    run.carry_out(4)
    assert sum(run.kills.values()) == 4
    run.check(plain)
