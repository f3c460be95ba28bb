"""What does predicting a whole test split through EdgeBench's runtimes cost over the bare loop on the same batches?

    python benchmarks/prediction_overhead.py ARTIFACTS [--data-dir PTBXL] [--rounds 3]

Both sides run in this process, in turn, on the same memory-mapped records: `measuring.predictions.predict` (what the
worker does, including the conversion to millivolts and the file of logits), and a loop that only calls the library.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.artifacts import manifests
from edgebench.core import registry
from edgebench.core.contracts import Job
from edgebench.core.datasets import DataRequest
from edgebench.data.signals import MICROVOLTS
from edgebench.data.stored import values
from edgebench.isolation.jobs import PREDICT_BATCH as BATCH
from edgebench.measuring.predictions import predict

BOUND = 1.3
EXPORTERS = ("onnx", "onnx-int8", "torchscript", "fbgemm-int8")


def bare_onnx(path: Path, threads: int) -> Callable[[Any], object]:
    """A bare ONNX Runtime session."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, {"signals": batch})


def bare_torchscript(path: Path, threads: int) -> Callable[[Any], object]:
    """A bare torch.jit module."""
    import torch

    torch.set_num_threads(threads)
    module = torch.jit.load(str(path))  # type: ignore[no-untyped-call]

    def call(batch: Any) -> object:
        with torch.inference_mode():
            return module(torch.from_numpy(batch))

    return call


def main() -> int:
    """Compare, print, and say whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    dataset = registry.dataset("ptbxl" if args.data_dir else "demo")
    records = dataset.load(DataRequest("test", args.data_dir))
    batches = [
        np.ascontiguousarray(values(np.load(records.input.path)[i : i + BATCH], MICROVOLTS))
        for i in range(0, len(records), BATCH)
    ]
    print(f"{len(records)} records of {records.label}, batches of {BATCH}, {args.threads} threads")
    worst = 0.0
    for name in EXPORTERS:
        found = manifests.read(next(args.artifacts.rglob(f"{name}/manifest.json")))
        assert found.artifact is not None and found.path is not None
        runtime = registry.runtime(found.artifact.format)
        with contextlib.suppress(RuntimeError):  # torch's interop threads can be set once a process
            runtime.start(args.threads, found.artifact.engine)
        bare = (bare_onnx if found.artifact.format == "onnx" else bare_torchscript)(found.path, args.threads)
        ratios = []
        for _ in range(args.rounds):
            with tempfile.TemporaryDirectory() as folder:
                job = Job(
                    "predict", found.artifact, str(found.path), "cpu", args.threads, found.artifact.engine,
                    records.input, str(Path(folder) / "logits.npy"), batch=BATCH,
                )  # fmt: skip
                started = time.perf_counter()
                predict(job, runtime)
                through = time.perf_counter() - started
            started = time.perf_counter()
            for batch in batches:
                bare(batch)
            ratios.append(through / (time.perf_counter() - started))
        ratio = statistics.median(ratios)
        worst = max(worst, ratio)
        print(f"{name:<14} through the runtime / bare loop = {ratio:.3f}  ({min(ratios):.3f} to {max(ratios):.3f})")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
