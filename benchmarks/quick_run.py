"""How soon does `edgebench run --quick` show the table of the default grid, and which stage takes how long?

    python benchmarks/quick_run.py [--full]

`--full` also times the default run. Exits with 1 where the quick run misses its bound, which holds on two idle cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import edgebench
from edgebench.core.progress import ProgressReporter

BOUND_S = 30.0


class Stages(ProgressReporter):
    """Notes when each stage begins."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, float]] = []

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        self.begun.append((f"{name} ({total})", time.perf_counter()))


def seconds(quick: bool) -> float:
    """Seconds of a run in a new folder; prints those of its stages."""
    heard, begun = Stages(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        edgebench.run(None, Path(folder) / "run", listener=heard, quick=quick)
    ended = time.perf_counter()
    for (name, start), (_, end) in zip(heard.begun, [*heard.begun[1:], ("", ended)], strict=True):
        print(f"  {end - start:6.1f} s  {name}")
    return ended - begun


def main() -> int:
    """Measure, print, and say whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="time the default run, too")
    args = parser.parse_args()
    took = seconds(quick=True)
    print(f"quick: {took:.1f} s; the bound is {BOUND_S:g} s")
    if args.full:
        print(f"default: {seconds(quick=False):.1f} s")
    return int(took > BOUND_S)


if __name__ == "__main__":
    sys.exit(main())
