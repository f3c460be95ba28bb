"""Do five runs of one cell agree, and is the verdict of a disturbed cell `noisy`?

    python benchmarks/repeatability.py ARTIFACT [--runs 5]

After the runs on the machine as it is, one more runs beside a process that keeps a core busy: its verdict must be
`noisy`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import edgebench
from edgebench.core.results import Latency

BOUND = 1.05


def measured(artifact: Path, folder: Path, processes: int) -> Latency:
    """The latency of one run of one cell on one thread."""
    measuring = {"processes": processes, "min_seconds": 1.0}
    run = edgebench.measure([artifact], folder, limit=24, threads=1, measuring=measuring)
    latency = run.measurements[0].latency
    assert latency is not None
    return latency


def shown(latency: Latency) -> str:
    """The median and how far it can be trusted."""
    return f"{latency.p50_s * 1e3:.3f} ms  {latency.steadiness.verdict}  {latency.steadiness.reason}"


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--processes", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        rows = [measured(args.artifact, Path(scratch) / str(i), args.processes) for i in range(args.runs)]
        for row in rows:
            print(shown(row))
        medians = [row.p50_s for row in rows]
        spread = max(medians) / min(medians)
        print(f"largest over smallest median of {args.runs} runs: {spread:.3f} (bound {BOUND})")
        burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            time.sleep(0.5)
            disturbed = measured(args.artifact, Path(scratch) / "disturbed", args.processes)
        finally:
            burner.kill()
            burner.wait()
        print(f"beside a busy process: {shown(disturbed)}")
    return int(spread > BOUND or disturbed.steadiness.verdict != "noisy")


if __name__ == "__main__":
    sys.exit(main())
