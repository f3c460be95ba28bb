"""Does the latency that EdgeBench reports equal that of independent timers on the same files?

They are a bare `session.run` loop for ONNX, and `torch.utils.benchmark.Timer` for TorchScript.

    python benchmarks/latency_against_bare.py ARTIFACTS [--rounds 7]

In each round a worker process of EdgeBench and a bare process measure the same file with the same threads, one right
after the other, in alternating order; the result is the median over the rounds of the ratio of the two medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from edgebench.artifacts import manifests
from edgebench.core import registry
from edgebench.core.contracts import Job
from edgebench.core.datasets import DataRequest
from edgebench.isolation.jobs import run_job

BOUND = 0.05
BARE = """
import sys, time
import numpy, onnxruntime
path, signals, threads, samples = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
records = [numpy.load(signals, mmap_mode="r")[i : i + 1].astype(numpy.float32) / 1000 for i in range(64)]
times = []
for i in range(samples + 10):
    start = time.perf_counter()
    session.run(None, {"signals": records[i % 64]})
    times.append(time.perf_counter() - start)
print(numpy.median(times[10:]))
"""
TIMER = """
import itertools, sys
import numpy, torch
from torch.utils import benchmark
path, signals, threads, samples = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
module = torch.jit.load(path).eval()
signals = numpy.load(signals, mmap_mode="r")
records = [torch.from_numpy(signals[i : i + 1].astype(numpy.float32) / 1000) for i in range(64)]
with torch.inference_mode():
    for record in records[:10]:
        module(record)
    names = {"module": module, "turn": itertools.cycle(records)}
    timer = benchmark.Timer("module(next(turn))", globals=names, num_threads=threads)
    print(numpy.median([timer.timeit(1).mean for _ in range(samples)]))
"""
BESIDE = {"onnx": BARE, "onnx-int8": BARE, "torchscript": TIMER}


def main() -> int:
    """Compare, print, and say whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    records = registry.dataset("demo").load(DataRequest("test"))
    worst = 0.0
    for name, code in BESIDE.items():
        found = manifests.read(next(args.artifacts.rglob(f"{name}/manifest.json")))
        assert found.artifact is not None and found.path is not None
        ratios = []
        for number in range(args.rounds):
            with tempfile.TemporaryDirectory() as folder:
                output = Path(folder) / "samples.npy"
                job = Job(
                    "latency", found.artifact, str(found.path), "cpu", args.threads, "", records.input,
                    str(output), min_samples=args.samples, min_seconds=0.0,
                )  # fmt: skip
                command = [sys.executable, "-c", code, found.path, records.input.path, args.threads, args.samples]

                def bare(command: list[object] = command) -> float:
                    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
                    return float(done.stdout)

                first = bare() if number % 2 else None
                outcome = run_job(job, 600)
                assert outcome.status == "ok", outcome.reason
                ratios.append(float(np.median(np.load(output))) / (first if first is not None else bare()))
        ratio = statistics.median(ratios)
        worst = max(worst, abs(ratio - 1))
        print(
            f"{name:<11} EdgeBench / other = {ratio:.3f} ({min(ratios):.3f} to {max(ratios):.3f}), {args.rounds} rounds"
        )
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
