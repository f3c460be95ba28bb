"""What does a fleet cost besides the measuring? Many simulated boards, through the real client, scheduler and workers.

    python benchmarks/fleet_simulation.py [--cells 1000] [--devices 40] [--seconds 1.0]

The boards are real workers of Dask, many in one process, whose measuring is a pause: each cell takes between half and
one and a half of `--seconds`, on the slowest of four kinds four times as long as on the fastest. A quarter of the cells
belongs to each kind, and its boards share them. Printed are the makespan against its lower bound (the work of the
busiest kind, divided by its boards), the client's seconds of CPU for each cell, and the memory of client and scheduler.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from edgebench.core.cells import Cell
from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.job_keys import JobKey
from edgebench.core.job_results import TimedProcess
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import to_dict, to_json
from edgebench.data.signals import ECG
from edgebench.fleet import fleet
from edgebench.fleet.fleet import Options
from edgebench.pipeline import harness, run_files
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.read_plan import load

KINDS = 4
DOCUMENT = Plan().document()
HOST = {"architecture": "aarch64", "cpu": "simulated", "board": "simulated", "cores": 4}
CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")


def takes(name: str, kind: int, seconds: float) -> float:
    """The seconds that a cell takes on a kind of board."""
    return seconds * (0.5 + int(hashlib.sha256(name.encode()).hexdigest()[:6], 16) / 0xFFFFFF) * (1 + kind)


def stub(seconds: float) -> Callable[..., str]:
    """What takes the place of the device side: the same files, after a pause."""

    def measure(work: Path, line: Callable[[str], object], ended: Callable[[], bool], _: float) -> str:
        run, listing = work / "run", json.loads((work / "bundle" / "bundle.json").read_text())
        (run / "samples").mkdir(parents=True)
        target = listing["targets"][0].removeprefix("targets/")
        target = target.removesuffix(".toml")
        rows, lines = [], []
        for name in listing["artifacts"]:
            made = json.loads((work / "bundle" / name).read_text())
            pause = takes(made["model"], int(target.removeprefix("kind-")), seconds)
            line(json.dumps({"event": "begin", "text": made["model"]}))
            time.sleep(pause)
            cell = Cell(made["model"], made["variant"], made["exporter"], target)
            key = JobKey.of_cell("latency", cell, 0)
            np.save(run_files.output_of(run, key), np.full(10, pause))
            lines.append(json.dumps({"job": str(key), **to_dict(Outcome("ok", result=TimedProcess(0.1, 0.01, 10)))}))
            rows.append(to_json(Measurement("run", cell, "ok", dataset="demo", host="simulated")))
        (run / "plan.json").write_text(json.dumps({"plan": DOCUMENT, "inputs": {}}))
        (run / "environment.json").write_text(json.dumps(HOST))
        (run / "journal.jsonl").write_text("".join(f"{one}\n" for one in lines))
        (run / "measurements.jsonl").write_text("".join(f"{one}\n" for one in rows))
        return ""

    return measure


def boards(address: str, numbers: list[int], home: str, seconds: float) -> None:
    """Be these boards until the process is ended."""
    from distributed.security import Security

    from edgebench.fleet import guard
    from edgebench.fleet.node import Node, Offer

    async def serve() -> None:
        guard.install()
        nodes: list[Any] = []
        for number in numbers:
            folder = Path(home) / f"board-{number}"
            offer = Offer(address, folder.name, {f"device:kind-{number % KINDS}": 1.0}, folder, Security(), "127.0.0.1")
            folder.mkdir()
            node = Node(offer, str(folder))
            node.machine.measure = stub(seconds)
            nodes.append(await node)
        await asyncio.gather(*(node.finished() for node in nodes))

    asyncio.run(serve())


def artifacts(home: Path, count: int) -> list[Path]:
    """Artifacts of random bytes: nothing loads them."""
    rng, found = np.random.default_rng(0), []
    for number in range(count):
        folder = home / f"net{number}"
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(rng.bytes(2000))
        artifact = Artifact(
            model=f"net{number}", variant="none", exporter="onnx", format="onnx", precision="fp32", file="model.onnx",
            sha256=hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), file_size_bytes=2000,
            classes=CLASSES, thresholds=(0.5,) * 5, input=ECG, parameters=1, sparsity=0.0, model_sha256="ab" * 32,
            task="multilabel",
        )  # fmt: skip
        (folder / "manifest.json").write_text(to_json(artifact))
        found.append(folder)
    return found


def profiles(home: Path) -> list[str]:
    """A target for each kind."""
    found = []
    for kind in range(KINDS):
        path = home / f"kind-{kind}.toml"
        path.write_text(f'name = "kind-{kind}"\ndescription = "simulated"\narchitecture = ""\n')
        found.append(str(path))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--devices", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--processes", type=int, default=4)
    asked = parser.parse_args()
    os.environ["DASK_LOGGING__DISTRIBUTED"] = "critical"
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        file = home / "scheduler.json"
        scheduler = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
             "--no-dashboard", "--preload", "edgebench.fleet.guard", "--scheduler-file", str(file)],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not file.exists() or not file.read_text().endswith("}"):
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        numbers = list(range(asked.devices))
        random.Random(0).shuffle(numbers)
        spawn = multiprocessing.get_context("spawn")
        workers = [
            spawn.Process(target=boards, args=(address, numbers[n :: asked.processes], name, asked.seconds))
            for n in range(asked.processes)
        ]
        try:
            for one in workers:
                one.start()
            plan = load(
                None,
                {"artifacts": artifacts(home / "made", asked.cells // KINDS), "targets": profiles(home), "limit": 8},
            )
            with fleet.connected(Options(address)) as cluster:
                while len(cluster.peers()) < asked.devices:
                    time.sleep(0.5)
                _report(plan, home / "run", cluster, scheduler.pid, asked)
        finally:
            for one in workers:
                one.kill()
            scheduler.kill()
            scheduler.wait()


def _report(plan: Any, run: Path, cluster: Any, scheduler: int, asked: argparse.Namespace) -> None:
    machines, me, other = fleet.Fleet(cluster, pool=True), psutil.Process(), psutil.Process(scheduler)
    cpu, begun = time.process_time(), time.monotonic()
    before = other.cpu_times()
    found = harness.run(plan, run, machines=machines)
    seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
    after = other.cpu_times()
    rows = found.measurements
    assert len({m.cell.id for m in rows}) == len(rows) == asked.cells // KINDS * KINDS, len(rows)
    assert {m.status for m in rows} == {"ok"}, next(m.reason for m in rows if m.status != "ok")
    work = [sum(takes(path.name, kind, asked.seconds) for path in plan.measure.artifacts) for kind in range(KINDS)]
    each = [sum(n % KINDS == kind for n in range(asked.devices)) for kind in range(KINDS)]
    bound = max(one / count for one, count in zip(work, each, strict=True))
    first = plan.measure.artifacts[0].name  # each board measures the first cell of its kind, to be compared
    common = [takes(first, kind, asked.seconds) * (count - 1) for kind, count in enumerate(each)]
    checked = max((one + more) / count for one, more, count in zip(work, common, each, strict=True))
    print(f"{len(rows)} cells on {asked.devices} devices: {seconds:.1f} s, lower bound {bound:.1f} s: "
          f"{seconds / bound:.3f} times; {seconds / checked:.3f} times with the common cell of each board")  # fmt: skip
    there = after.user + after.system - before.user - before.system
    print(f"CPU for each cell: client {1000 * cpu / len(rows):.1f} ms, scheduler {1000 * there / len(rows):.1f} ms")
    print(f"memory: client {me.memory_info().rss / 1e6:.0f} MB, scheduler {other.memory_info().rss / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
