"""Does a bundle measured by the device side give the latency and the macro-F1 of the direct run?

    python benchmarks/bundle_against_direct.py ARTIFACT... [--rounds 5]

Each round measures the same artifacts directly and out of a bundle, in alternating order; the result is the
median over the rounds of the ratio of the two medians.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from edgebench import api
from edgebench.core.measurements import Measurement, Run

BOUND = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    ratios: dict[str, list[float]] = {}
    wrong = False
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        api.bundle(arguments.artifacts, home / "it.bundle", threads=arguments.threads)
        for number in range(arguments.rounds):
            ways = {
                "direct": lambda folder: api.measure(arguments.artifacts, folder, threads=arguments.threads),
                "bundle": lambda folder: api.measure([home / "it.bundle"], folder),
            }
            order = list(ways)[:: 1 if number % 2 else -1]
            runs = {way: by_exporter(ways[way](home / f"{way}{number}")) for way in order}
            for exporter, direct in runs["direct"].items():
                bundled = runs["bundle"][exporter]
                assert direct.scores and bundled.scores and direct.latency and bundled.latency
                wrong |= direct.scores.primary != bundled.scores.primary
                ratios.setdefault(exporter, []).append(bundled.latency.p50_s / direct.latency.p50_s)
    for exporter, found in ratios.items():
        median = statistics.median(found)
        wrong |= abs(median - 1) > BOUND
        print(f"{exporter:20} bundle / direct {median:.3f} ({min(found):.3f} to {max(found):.3f})")
    print("macro-F1 equal, latency within 5 %" if not wrong else "DIFFERENT")
    return int(wrong)


def by_exporter(run: Run) -> dict[str, Measurement]:
    return {m.cell.exporter: m for m in run.measurements if m.status == "ok"}


if __name__ == "__main__":
    raise SystemExit(main())
