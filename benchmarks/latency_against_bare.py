"""Does the latency that EdgeBench reports equal that of independent timers on the same files?

They are a bare loop over the runtime's own API (ONNX Runtime, OpenVINO, ExecuTorch, LiteRT, AOTInductor), and
`torch.utils.benchmark.Timer` for TorchScript.

    python benchmarks/latency_against_bare.py ARTIFACTS [--rounds 7] [--exporter NAME ...]

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
START = """
import itertools, sys, time
import numpy
path, signals, threads, samples = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
stored = numpy.load(signals, mmap_mode="r")
records = [stored[i : i + 1].astype(numpy.float32) / 1000 for i in range(64)]
"""
"""What each program begins with; the next lines define `call`, which takes one record."""
LOOP = """
times = []
for i in range(samples + 10):
    start = time.perf_counter()
    call(records[i % 64])
    times.append(time.perf_counter() - start)
print(numpy.median(times[10:]))
"""
ONNX = """
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
call = lambda record: session.run(None, {"signals": record})
"""
OPENVINO = """
import openvino
core = openvino.Core()
model = core.read_model(path)
model.reshape({port.any_name: [1, *list(port.partial_shape)[1:]] for port in model.inputs})
settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads}
settings |= {"INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False}
request = core.compile_model(model, "CPU", settings).create_infer_request()
call = lambda record: request.infer([record], share_inputs=True)
"""
EXECUTORCH = """
import torch
from executorch.extension.pybindings import portable_lib
from executorch.runtime import Runtime
portable_lib._unsafe_reset_threadpool(threads)
program = Runtime.get().load_program(path)
method = program.load_method("forward")
call = lambda record: method.execute([torch.from_numpy(record)])
"""
LITERT = """
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(path, num_threads=threads)
interpreter.allocate_tensors()
index, answer = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
def call(record):
    interpreter.set_tensor(index, record)
    interpreter.invoke()
    return interpreter.get_tensor(answer)
"""
AOTINDUCTOR = """
import torch
torch.set_num_threads(threads)
compiled = torch._inductor.aoti_load_package(path)
def call(record):
    with torch.inference_mode():
        return compiled(torch.from_numpy(record))
"""
TORCHSCRIPT = """
import torch
from torch.utils import benchmark
module = torch.jit.load(path).eval()
records = [torch.from_numpy(record) for record in records]
with torch.inference_mode():
    for record in records[:10]:
        module(record)
    names = {"module": module, "turn": itertools.cycle(records)}
    timer = benchmark.Timer("module(next(turn))", globals=names, num_threads=threads)
    print(numpy.median([timer.timeit(1).mean for _ in range(samples)]))
"""
BESIDE = {
    "onnx": ONNX + LOOP, "onnx-int8": ONNX + LOOP, "torchscript": TORCHSCRIPT, "openvino": OPENVINO + LOOP,
    "openvino-int8": OPENVINO + LOOP, "executorch": EXECUTORCH + LOOP, "executorch-int8": EXECUTORCH + LOOP,
    "litert": LITERT + LOOP, "litert-int8": LITERT + LOOP, "aotinductor": AOTINDUCTOR + LOOP,
}  # fmt: skip
"""By exporter; those whose artifact is in the folder are compared."""


def main() -> int:
    """Compare, print, and say whether the bound holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--exporter", action="append", choices=BESIDE, help="only these")
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    records = registry.dataset("demo").load(DataRequest("test"))
    worst = 0.0
    compared = False
    there = {name: next(args.artifacts.rglob(f"{name}/manifest.json"), None) for name in args.exporter or BESIDE}
    for name, path in there.items():
        if path is None:
            print(f"{name:<15} no artifact")
            continue
        found = manifests.read(path)
        assert found.artifact is not None and found.path is not None
        ratios = []
        for number in range(args.rounds):
            with tempfile.TemporaryDirectory() as folder:
                output = Path(folder) / "samples.npy"
                job = Job(
                    "latency", found.artifact, str(found.path), "cpu", args.threads, "", records.input,
                    str(output), min_samples=args.samples, min_seconds=0.0,
                )  # fmt: skip
                command = [
                    sys.executable,
                    "-c",
                    START + BESIDE[name],
                    found.path,
                    records.input.path,
                    args.threads,
                    args.samples,
                ]

                def bare(command: list[object] = command) -> float:
                    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
                    return float(done.stdout)

                first = bare() if number % 2 else None
                outcome = run_job(job, 600)
                assert outcome.status == "ok", outcome.reason
                ratios.append(float(np.median(np.load(output))) / (first if first is not None else bare()))
        ratio = statistics.median(ratios)
        compared = True
        worst = max(worst, abs(ratio - 1))
        print(
            f"{name:<15} EdgeBench / other = {ratio:.3f} ({min(ratios):.3f} to {max(ratios):.3f}), {args.rounds} rounds"
        )
    return int(worst > BOUND or not compared)


if __name__ == "__main__":
    sys.exit(main())
