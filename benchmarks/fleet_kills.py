"""Does a run on a fleet whose processes are killed again and again end with every cell, once, each of one machine?

    PYTHONPATH=tests/support python benchmarks/fleet_kills.py [--kills 30] [--cells 60] [--seed 0]

A scheduler, two boards and the run's own process work on small ONNX files. At random moments one of them is ended by
SIGKILL: a worker or the scheduler is started again after a while, the run by `--resume`.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import fleet_processes
import small_onnx
from fleet_processes import TARGET, Processes

from edgebench.pipeline import run_files, run_store

BOARDS = ("board-1", "board-2")


class Disturbed:
    """A run that is killed and resumed."""

    def __init__(self, cluster: Processes, home: Path, cells: int, pool: bool) -> None:
        self.cluster, self.folder, self.home = cluster, home / "run", home
        files = [small_onnx.save(home / f"net{number}.onnx") for number in range(cells)]
        self.plan = home / "plan.toml"
        self.plan.write_text(
            f"artifacts = {[str(one) for one in files]}\ntargets = ['{TARGET}']\nlimit = 8\nthreads = 1\n"
            "[measuring]\nprocesses = 2\nwarmup = 1\nmin_samples = 5\nmin_seconds = 0.0\n"
        )
        self.flags = ["--cluster", cluster.address, *(["--pool"] if pool else [])]

    def start(self) -> subprocess.Popen[bytes]:
        """Begin the run, or go on with it."""
        begun = (self.folder / "plan.json").is_file()
        how = ["--resume", str(self.folder)] if begun else [str(self.plan), "-o", str(self.folder)]
        log = (self.home / "run.log").open("ab")
        words = [sys.executable, "-m", "edgebench", "run", *how, *self.flags]
        return subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)

    def kill(self, role: str, client: subprocess.Popen[bytes], rng: random.Random) -> subprocess.Popen[bytes]:
        """End one process and start it again; the run's own process after that."""
        if role == "client":
            client.kill()
            client.wait()
            return self.start()
        self.cluster.kill(role)
        time.sleep(rng.uniform(0, 3))
        if role == "scheduler":
            self.cluster.start()
        else:
            self.cluster.worker(role, "--device", TARGET)
        return client


def check(folder: Path, cells: int) -> None:
    """Raise AssertionError where a cell is missing, there twice, failed, or mixed from two machines."""
    rows = run_store.read(folder).measurements
    assert len(rows) == len({m.cell.id for m in rows}) == cells, f"{len(rows)} rows"
    assert {m.status for m in rows} == {"ok"}, Counter(m.reason for m in rows)
    for device in (folder / "devices").iterdir():
        jobs = Counter(str(key) for key, _ in run_files.journal(device))
        assert max(jobs.values()) == 1, [job for job, count in jobs.items() if count > 1]
        assert len({m.host for m in run_files.measurements(device)}) == 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--cells", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=6.0, help="between two kills, on average")
    parser.add_argument("--pool", action="store_true", help="both boards share the cells")
    asked = parser.parse_args()
    rng, kills = random.Random(asked.seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name, fleet_processes.running(Path(name) / "fleet") as cluster:
        for board in BOARDS:
            cluster.worker(board, "--device", TARGET)
        run = Disturbed(cluster, Path(name), asked.cells, asked.pool)
        client, begun = run.start(), time.monotonic()
        while client.poll() is None or client.returncode < 0:
            if kills.total() < asked.kills:
                time.sleep(rng.uniform(0, 2 * asked.seconds))
                role = rng.choice((*BOARDS, "scheduler", "client"))
                if client.poll() is None:
                    kills[role] += 1
                    client = run.kill(role, client, rng)
            else:
                client.wait()
        print((run.home / "run.log").read_text()[-3000:] if client.returncode else "")
        print(f"{kills.total()} kills {dict(kills)} in {time.monotonic() - begun:.0f} s; status {client.returncode}")
        check(run.folder, asked.cells)
        print(f"{asked.cells} cells, each once, each of one machine")


if __name__ == "__main__":
    main()
