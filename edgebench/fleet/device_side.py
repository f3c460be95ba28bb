"""Measures a bundle on a worker's machine: the device side's command in a process of its own, as an agent over SSH."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from edgebench.isolation import python
from edgebench.isolation.process import end
from edgebench.isolation.streams import LineTooLong, Log, lines

LOOK_S = 0.5
LINE_BYTES = 1 << 20


def measure(work: Path, line: Callable[[str], object], ended: Callable[[], bool], patience_s: float) -> str:
    """Measure `work`/bundle into `work`/run, or go on with that; why it failed, empty where it did not.

    `line` gets each line of its events. The process is ended when `ended` says so, or when it is silent for too long.
    """
    run = work / "run"
    how = ["--resume", "run"] if (run / "plan.json").is_file() else ["-o", "run"]
    child = subprocess.Popen(
        python.command("-m", "edgebench.cli.device", "measure", "bundle", "--events", *how),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, cwd=work,
        env=python.variables({"EDGEBENCH_CACHE": str(work / "cache")}),
    )  # fmt: skip
    assert child.stdout and child.stderr
    log, done = Log(child.stderr, lambda: end(child)), threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_S):
            if ended():
                end(child)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        for one in lines(child.stdout, patience_s, LINE_BYTES):
            line(one.decode(errors="replace"))
        status = child.wait(patience_s)
    except (TimeoutError, subprocess.TimeoutExpired):
        return f"it reported nothing for {patience_s:g} s"
    except LineTooLong:
        return "it answered with a line that has no end"
    finally:
        done.set()
        watcher.join()
        end(child)
        child.stdout.close()
    if status in (0, 1):
        return ""
    if status > 0:  # what it refused once, it refuses again
        shutil.rmtree(run, ignore_errors=True)
    return log.last().removeprefix("error: ") or f"the device side ended with status {status}"
