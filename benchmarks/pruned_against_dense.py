"""How much faster and smaller are the artifacts of a network pruned to half of its multiply-adds?

    edgebench export --variant none --variant structured-0.5 --exporter onnx --exporter torchscript -o A
    python benchmarks/pruned_against_dense.py A structured-0.5 [--rounds 5]

In each round a fresh worker measures the dense file and another the pruned one, in alternating order; the result is the
median over the rounds of the ratio of the two medians. The network needs no fine-tuning: weights do not change speed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from edgebench.artifacts import manifests
from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core import registry
from edgebench.core.contracts import Job
from edgebench.core.datasets import DataRequest
from edgebench.core.inputs import StoredInput
from edgebench.isolation.jobs import run_job

FASTER, SMALLER = 1.6, 1.7
"""Least ratios, dense over pruned."""


def median(built: StoredArtifact, records: StoredInput, threads: int, samples: int) -> float:
    """Median seconds a prediction in a fresh worker."""
    assert built.artifact is not None
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "samples.npy"
        job = Job(
            "latency", built.artifact, str(built.path), "cpu", threads, "", records, str(output), min_samples=samples,
            min_seconds=0.5,
        )  # fmt: skip
        outcome = run_job(job, 600)
        assert outcome.status == "ok", outcome.reason
        return float(np.median(np.load(output)))


def main() -> int:
    """Compare, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("variant")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    records = registry.dataset("demo").load(DataRequest("test")).input
    missed = False
    for manifest in sorted(args.artifacts.glob(f"*/{args.variant}/*/manifest.json")):
        small, dense = (
            manifests.read(manifest),
            manifests.read(manifest.parent.parent.parent / "none" / manifest.parent.name / manifest.name),
        )
        assert small.artifact is not None and dense.artifact is not None
        ratios = []
        for number in range(args.rounds):
            first, second = (small, dense) if number % 2 else (dense, small)
            times = {id(b): median(b, records, args.threads, args.samples) for b in (first, second)}
            ratios.append(times[id(dense)] / times[id(small)])
        faster = statistics.median(ratios)
        smaller = dense.artifact.file_size_bytes / small.artifact.file_size_bytes
        missed |= faster < FASTER or smaller < SMALLER
        print(
            f"{small.artifact.model:<20} {small.artifact.exporter:<12} {faster:.2f} times faster "
            f"({min(ratios):.2f} to {max(ratios):.2f}), {smaller:.2f} times smaller"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
