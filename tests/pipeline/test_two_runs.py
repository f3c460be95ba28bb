"""Two processes at one folder, and two runs side by side."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from helpers import edgebench_here

from edgebench.pipeline import run_store

BRIEF = ("--limit", "8", "--processes", "1", "--min-samples", "3", "--min-seconds", "0", "--threads", "1")


def started(exported: Path, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """A run that has begun to measure."""
    command = ["measure", str(exported / "onnx"), "-o", str(folder), *BRIEF, *options]
    child = subprocess.Popen(
        [sys.executable, "-m", "edgebench", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 90
    while not (folder / "journal.jsonl").exists():
        assert time.monotonic() < end and child.poll() is None
        time.sleep(0.02)
    return child


def test_a_second_process_is_refused_in_any_way_and_the_first_ends_well(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = started(exported, folder, "--min-seconds", "4")
    first.send_signal(signal.SIGSTOP)  # it goes no further, however long the others take
    try:
        before = (folder / "plan.json").stat().st_ino
        for arguments in (("measure", exported / "onnx", "-o", folder, *BRIEF), ("run", "--resume", folder)):
            done = edgebench_here(*arguments)
            assert done.returncode == 2 and done.stderr.startswith("error: ") and str(folder) in done.stderr
        assert edgebench_here("report", folder, "--format", "csv", "-o", tmp_path / "out").returncode == 0
        assert (folder / "plan.json").stat().st_ino == before and first.poll() is None
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    # The system released the lock of the killed one.
    done = edgebench_here("run", "--resume", folder)
    assert done.returncode == 0, done.stderr
    assert [m.status for m in run_store.read(folder).measurements] == ["ok"]


def test_runs_in_folders_of_their_own_do_not_disturb_each_other(exported: Path, tmp_path: Path) -> None:
    first = started(exported, tmp_path / "a")
    done = edgebench_here("measure", exported / "onnx", "-o", tmp_path / "b", *BRIEF)
    assert done.returncode == 0 and first.wait(120) == 0
    one, other = (run_store.read(tmp_path / name).measurements for name in "ab")
    assert one[0].scores == other[0].scores and one[0].status == other[0].status == "ok"
