"""Does a run that is killed again and again give the same cells and scores, and leave nothing behind?

    python benchmarks/random_kills.py [--kills 40] [--runs 10] [--seed 0]

Each run builds and measures a model's ONNX files on the demo set. At random moments the main process, a builder or a
worker is ended by SIGKILL, and `--resume` goes on. In the end every cell must have the scores of an undisturbed run, no
process may be alive, and nothing may be left in the folder of temporary files or unfinished in the run's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from edgebench.core.files import PART
from edgebench.core.measurements import Measurement
from edgebench.pipeline import run_files, run_store

PLAN = """
exporters = ["onnx", "onnx-int8"]
targets = ["host"]
limit = 16
calibration_records = 16
threads = 1

[measuring]
processes = 2
warmup = 1
min_samples = 5
min_seconds = 0.5
"""
MARK = "EDGEBENCH_RANDOM_KILLS"
"""Environment variable by which the processes of one run are found, whoever their parent is."""
ROLES = {"builder": "edgebench.artifacts.builder", "worker": "edgebench.measuring.worker"}


@dataclass
class Disturbed:
    """One run, and what was done to it."""

    home: Path
    seconds: float
    """What an undisturbed run takes."""
    rng: random.Random
    plan: str = PLAN
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.home / "run"

    @property
    def temporary(self) -> Path:
        """The folder of temporary files."""
        return self.home / "tmp"

    def carry_out(self, kills: int) -> None:
        """Start the run, kill and resume until there were so many kills, and complete it. Raises AssertionError."""
        self.home.mkdir(parents=True)
        self.temporary.mkdir()
        (self.home / "plan.toml").write_text(self.plan)
        while not self._survives(kills) or sum(self.kills.values()) < kills:
            pass
        assert self._survives(0)  # does again what was killed before
        assert (self.folder / "report.csv").is_file(), (self.home / "log.txt").read_text()[-2000:]

    def _survives(self, kills: int) -> bool:
        """Whether the main process ended by itself."""
        process = self._start()
        while sum(self.kills.values()) < kills and process.poll() is None:
            role = self.rng.choice(("main", *ROLES))
            within_s = self.seconds / 3 if role == "main" else 1.0
            while not (victims := self._victims(process, role)) and process.poll() is None:
                time.sleep(0.02)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.rng.uniform(0, within_s))
            if process.poll() is None and (victims := self._victims(process, role) or victims):
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.rng.choice(victims).kill()
                    self.kills[role] += 1
        status = process.wait()
        assert status in (0, 1, -9), (self.home / "log.txt").read_text()[-2000:]
        return status != -9

    def _start(self) -> subprocess.Popen[bytes]:
        began = (self.folder / "plan.json").is_file()
        how = ["--resume", self.folder] if began else [self.home / "plan.toml", "-o", self.folder]
        environment = {**os.environ, "TMPDIR": str(self.temporary), MARK: str(self.home)}
        with (self.home / "log.txt").open("ab") as log:
            return subprocess.Popen([sys.executable, "-P", "-m", "edgebench", "run", *map(str, how)],
                                    stdout=log, stderr=log, env=environment)  # fmt: skip

    @staticmethod
    def _victims(process: subprocess.Popen[bytes], role: str) -> list[psutil.Process]:
        try:
            main = psutil.Process(process.pid)
            return [main] if role == "main" else [c for c in main.children() if ROLES[role] in c.cmdline()]
        except psutil.NoSuchProcess:
            return []

    def cells(self) -> dict[str, Measurement]:
        """The rows by cell."""
        return {m.cell.id: m for m in run_store.read(self.folder).measurements}

    def alive(self) -> list[int]:
        """Processes of this run that have not ended."""
        end, found = time.monotonic() + 5, [0]
        while found and time.monotonic() < end:
            found = [p.pid for p in psutil.process_iter() if _environment(p).get(MARK) == str(self.home)]
        return found

    def left(self) -> list[str]:
        """What should not be there any more."""
        found = [*self.temporary.iterdir(), *self.folder.rglob(f".*{PART}*"), *self.folder.rglob("check.npy")]
        return [str(path.relative_to(self.home)) for path in found]

    def check(self, undisturbed: dict[str, Measurement]) -> str:
        """Raise AssertionError where something is missing, wrong or left; returns a line on what was found."""
        found = self.cells()
        assert found.keys() == undisturbed.keys(), sorted(found.keys() ^ undisturbed.keys())
        for name, m in found.items():
            assert m.status == "ok", (name, m.reason)
            assert told(m) == told(undisturbed[name]), name
        jobs = [str(key) for key, _ in run_files.journal(self.folder)]
        assert len(set(jobs)) == len(jobs), "a job was done twice"
        assert not self.alive(), self.alive()
        assert not self.left(), self.left()
        killed = ", ".join(f"{count} {role}" for role, count in sorted(self.kills.items())) or "nothing"
        return f"killed {killed}; {len(found)} cells equal"


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        found: dict[str, str] = process.environ()
    except (psutil.Error, OSError):
        return {}
    return found


def told(m: Measurement) -> tuple[object, ...]:
    """What must not depend on kills: the scores, also compared with other cells', and the file."""
    assert m.artifact
    return m.scores, m.artifact.file_size_bytes


def main() -> int:
    """Kill, print, and say whether everything held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        plain = Disturbed(Path(folder) / "undisturbed", 1, rng)
        plain.carry_out(0)
        seconds = time.monotonic() - begun
        print(f"undisturbed: {plain.check(plain.cells())}", flush=True)
        kills, number = 0, 0
        while number < args.runs or kills < args.kills:
            run = Disturbed(Path(folder) / str(number), seconds, rng)
            run.carry_out(max(1, round((args.kills - kills) / max(1, args.runs - number))))
            print(f"run {number}: {run.check(plain.cells())}", flush=True)
            kills, number = kills + sum(run.kills.values()), number + 1
    print(f"{kills} kills over {number} runs: all cells, equal scores, nothing left, no process alive")
    return 0


if __name__ == "__main__":
    sys.exit(main())
