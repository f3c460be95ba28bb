"""Durations do not come from the clock that people set: it jumps."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from helpers import edgebench

from edgebench.core.files import cache_dir
from edgebench.pipeline import run_store

ROOT = Path(__file__).parents[2]
WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "time.localtime"}
ALLOWED = {
    "edgebench/core/paths.py": "names a run's folder",
    "edgebench/data/cache.py": "the age of a file, whose date is of that clock",
    "edgebench/fleet/look.py": "compares the clocks of machines",
    "edgebench/fleet/machine.py": "the age of a file, whose date is of that clock",
    "edgebench/remote/agent.py": "the age of a file, whose date is of that clock",
}
JUMPS = """
import random, time
now = time.time
time.time = lambda: now() + random.choice((-1, 0, 1)) * 3 * 86400
time.time_ns = lambda: int(time.time() * 1e9)
"""


def test_the_clock_of_the_wall_is_asked_for_names_and_ages_of_files_alone() -> None:
    found = set()
    for path in (*(ROOT / "edgebench").rglob("*.py"), *(ROOT / "exporters").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ".".join(ast.unparse(node).split(".")[-2:]) in WALL:
                found.add(path.relative_to(ROOT).as_posix())
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                assert "time" not in {alias.name for alias in node.names}, path
    assert found == set(ALLOWED)


@pytest.mark.parametrize("cache", ["new", "there"])
def test_a_run_whose_clock_jumps_by_days(cache: str, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(JUMPS)
    home = tmp_path / "cache" if cache == "new" else cache_dir()
    done = edgebench(
        "measure", exported / "onnx", "-o", tmp_path / "run", "--limit", "8", "--processes", "2", "--min-samples", "3",
        "--min-seconds", "0", "--threads", "1", "--timeout", "60", PYTHONPATH=str(tmp_path / "site"),
        EDGEBENCH_CACHE=str(home),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = run_store.read(tmp_path / "run").measurements
    assert row.status == "ok" and row.latency
    assert all(
        0 < sample < 10 for found in run_store.latencies(run_store.read(tmp_path / "run"), row) for sample in found
    )
