"""What does a cell cost beyond its samples, and does a run's time grow in proportion to its cells?

    python benchmarks/cost_of_cells.py ARTIFACT... [--cells 1 8 32]

It measures copies of ONNX artifacts, in turn, under other names, and fits a line to seconds over cells: the slope is
what a cell costs, the intercept what a run costs once (reading the records, the reports).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import edgebench

BOUND_S = 2.0
PROPORTION = 1.25
"""Bound of the ratio of one more cell's cost in the largest run to that in the smallest; 1 is in proportion."""


def copies(artifacts: Sequence[Path], scratch: Path, count: int) -> list[Path]:
    """Copies of the artifacts in turn, each of another model name."""
    found = []
    for number, artifact in zip(range(count), itertools.cycle(artifacts), strict=False):
        manifest = json.loads((artifact / "manifest.json").read_text())
        folder = scratch / f"copy{number}"
        folder.mkdir(exist_ok=True)
        (folder / manifest["file"]).write_bytes((artifact / manifest["file"]).read_bytes())
        (folder / "manifest.json").write_text(json.dumps(manifest | {"model": f"copy{number}"}))
        found.append(folder)
    return found


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path, nargs="+", help="folders of ONNX artifacts")
    parser.add_argument("--cells", type=int, nargs="+", default=[1, 8, 32])
    args = parser.parse_args()
    seconds, costs = [], []
    for count in args.cells:
        with tempfile.TemporaryDirectory() as folder:
            artifacts = copies(args.artifacts, Path(folder), count)
            begun = time.perf_counter()
            run = edgebench.measure(artifacts, Path(folder) / "run", threads=1)
            seconds.append(time.perf_counter() - begun)
            assert all(m.status == "ok" for m in run.measurements)
            timed = sum(float(np.load(path).sum()) for path in (run.folder / "samples").glob("*.npy"))
        costs.append(seconds[-1] - timed)
        print(f"{count:>3} cells: {seconds[-1]:6.1f} s, of which {timed:.1f} s samples")
    slope, once = np.polyfit(args.cells, costs, 1)
    growth = [(b - a) / (n - m) for a, b, m, n in zip(seconds, seconds[1:], args.cells, args.cells[1:], strict=False)]
    print(f"a cell costs {slope:.2f} s beyond its samples (bound {BOUND_S:g}), a run {once:.1f} s once")
    ratio = growth[-1] / growth[0]
    print(
        f"one more cell takes {growth[0]:.2f} s in small runs, {growth[-1]:.2f} s in large ones: {ratio:.2f} times "
        f"(bound {PROPORTION})"
    )
    return int(slope > BOUND_S or ratio > PROPORTION)


if __name__ == "__main__":
    sys.exit(main())
