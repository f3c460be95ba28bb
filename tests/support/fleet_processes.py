"""A Dask scheduler and EdgeBench's workers as processes of their own, on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import small_onnx
from helpers import QUICK

from edgebench.core.measurements import Measurement
from edgebench.fleet import fleet
from edgebench.fleet.fleet import Options
from edgebench.fleet.trust import Tls
from edgebench.pipeline import harness
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.read_plan import load

GUARD = "edgebench.fleet.guard"
TARGET = "x86-cpu"
"""A target that this machine is."""


def plan(folder: Path, *names: str, **overrides: object) -> Plan:
    """Measure small ONNX files of these names, briefly; they need no torch."""
    folder.mkdir(exist_ok=True)
    files = [small_onnx.save(folder / f"{name}.onnx") for name in names or ("one", "two")]
    fields = {"artifacts": files, "targets": (TARGET,), "limit": 24, "threads": 1, "measuring": vars(QUICK)}
    return load(None, {**fields, **overrides})


def run(plan: Plan, folder: Path, address: str | Options = "", **options: Any) -> dict[str, Measurement]:
    """The rows of a run on a cluster, or without an address here; `options` are further ones of `harness.run`."""
    with fleet.opened(address, options.get("listener")) as machines:
        found = harness.run(plan, folder, machines=machines, **options)
    return {m.cell.id: m for m in found.measurements}


@dataclass
class Processes:
    """The processes of a cluster; each worker has a folder, as a machine of its own would."""

    folder: Path
    port: int
    scheduler: subprocess.Popen[bytes] | None = None
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    tls: bool = False
    """Whether ca.pem, cert.pem and key.pem lie in the folder, and all connections use them."""

    @property
    def address(self) -> str:
        return f"{'tls' if self.tls else 'tcp'}://127.0.0.1:{self.port}"

    @property
    def certificates(self) -> Tls:
        return Tls(self.folder / "ca.pem", self.folder / "cert.pem", self.folder / "key.pem")

    def start(self) -> None:
        """Start the scheduler, at the same address each time."""
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--preload", GUARD]
        if self.tls:
            words += ["--protocol", "tls", "--tls-ca-file", "ca.pem", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]
        self.scheduler = self._started("scheduler", "distributed.cli.dask_scheduler", *words)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "scheduler.log").read_text())

    def worker(self, name: str, *flags: str) -> None:
        """Start a worker; it has connected when this returns."""
        words = ["--connect", self.address, "--name", name, "--folder", str(self.folder / name), *flags]
        if self.tls:
            words += ["--tls-ca", "ca.pem", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]
        log = self.folder / f"{name}.log"
        log.unlink(missing_ok=True)
        self.workers[name] = self._started(name, "edgebench", "worker", *words)
        deadline = time.monotonic() + 30
        while "connected" not in log.read_text():
            assert time.monotonic() < deadline and self.workers[name].poll() is None, log.read_text()
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        """End a worker, or the scheduler, as a pulled plug does."""
        process = self.scheduler if name == "scheduler" else self.workers.pop(name)
        assert process
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in filter(None, (*self.workers.values(), self.scheduler)):
            process.kill()
            process.wait()

    def _started(self, name: str, module: str, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, *words], stdout=log, stderr=log,
            env={**os.environ, "COLUMNS": "500"}, cwd=self.folder,
        )  # fmt: skip


def certify(folder: Path) -> Tls:
    """Make a certificate that signs itself: ca.pem, cert.pem and key.pem in the folder."""
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=fleet", "-keyout",
         "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / "ca.pem").write_bytes((folder / "cert.pem").read_bytes())
    return Tls(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


@contextmanager
def running(folder: Path, tls: bool = False) -> Iterator[Processes]:
    """A scheduler without workers until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    if tls:
        certify(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cluster = Processes(folder, port, tls=tls)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()
