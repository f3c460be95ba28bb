"""Runs on a target behind a real OpenSSH server on loopback."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import ssh_server
from flat_rows import value
from helpers import StopAfter, lines_of, quick
from ssh_server import Server

from edgebench.core.progress import ProgressReporter
from edgebench.measuring import environment
from edgebench.pipeline import harness, run_store
from edgebench.pipeline.plan import Plan
from edgebench.remote import session
from edgebench.remote.bundles import wheel

pytestmark = pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
AS_IS: dict[str, object] = {"ssh_python": sys.executable, "ssh_packages": "as-is"}


def plan(server: Server, exported: Path, *exporters: str, more: tuple[str, ...] = (), **overrides: Any) -> Plan:
    """These artifacts, on the device and on the targets `more`."""
    board = str(server.target(**AS_IS))
    return quick(exported, *(exporters or ("onnx",)), targets=(board, *more), limit=8, **overrides)


class Hear(ProgressReporter):
    def __init__(self) -> None:
        self.stages: list[tuple[str, int]] = []
        self.notes: list[str] = []

    def stage(self, name: str, total: int) -> None:
        self.stages.append((name, total))

    def note(self, text: str) -> None:
        self.notes.append(text)


def left_there(server: Server) -> list[str]:
    home = server.home / ".edgebench"
    return sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.is_file() and p.parent.name != "files")


def test_a_run_there_and_here(server: Server, exported: Path, tmp_path: Path) -> None:
    reporter = Hear()
    found = harness.run(
        plan(server, exported, "onnx", "onnx-int8", more=("host",)), tmp_path / "run", listener=reporter
    )
    rows = {(m.cell.target, m.cell.exporter): m for m in found.measurements}
    assert {m.status for m in rows.values()} == {"ok"} and len(rows) == 4
    for exporter in ("onnx", "onnx-int8"):
        here, there = rows["host", exporter], rows["board", exporter]
        assert (value(here, "macro_f1"), here.dataset, value(here, "records")) == (
            value(there, "macro_f1"),
            there.dataset,
            value(there, "records"),
        )
        assert (
            there.run == "run"
            and value(there, "latency_samples")
            and value(there, "int8_operators") == value(here, "int8_operators")
        )
    device = json.loads((tmp_path / "run" / "devices" / "board" / "environment.json").read_text())
    assert rows["board", "onnx"].host == environment.host_label(device)
    assert found.devices[rows["board", "onnx"].host] == device
    measured_here = [str(line["job"]) for line in lines_of(tmp_path / "run" / "journal.jsonl")]
    assert not [job for job in measured_here if "board" in job], "nothing of the device is measured here"
    assert (tmp_path / "run" / "samples" / "resnet1d~none~onnx~board~0.npy").exists()
    assert ("board: measure latency", 4) in reporter.stages, "its progress is reported here"
    assert left_there(server) == ["lock"], "it was cleaned up"
    everything = b"".join(p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file())
    assert b"PRIVATE KEY" not in everything and b"IdentityFile" not in everything
    assert str(server.folder / "user").encode() not in everything


def test_only_what_is_missing_is_sent(server: Server, exported: Path, tmp_path: Path) -> None:
    first, second, third = Hear(), Hear(), Hear()
    harness.run(plan(server, exported), tmp_path / "one", listener=first)
    harness.run(plan(server, exported), tmp_path / "two", listener=second)
    store = server.home / ".edgebench" / "files"
    largest = max(store.iterdir(), key=lambda p: p.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1] + b"!")
    harness.run(plan(server, exported), tmp_path / "three", listener=third)
    sent = [next(total for name, total in reporter.stages if "send" in name) for reporter in (first, second, third)]
    assert sent[0] > 5 and sent[1:] == [0, 1]


def test_a_dropped_connection_is_made_again(
    server: Server, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PAUSES_S", (0.5, 0.5, 0.5))

    class Dropping(Hear):
        dropped = 0

        def stage(self, name: str, total: int) -> None:
            super().stage(name, total)
            if name == "board: measure latency" and not self.dropped:
                self.dropped = server.drop()

    reporter = Dropping()
    found = harness.run(plan(server, exported), tmp_path / "run", listener=reporter)
    assert reporter.dropped and any(re.search(r"^board: .*\b0\.5\b", note) for note in reporter.notes), "the pause"
    assert [m.status for m in found.measurements] == ["ok"]
    jobs = [str(line["job"]) for line in lines_of(tmp_path / "run" / "devices" / "board" / "journal.jsonl")]
    assert len(jobs) == len(set(jobs))
    assert [name for name, _ in reporter.stages].count("board: measure latency") == 2


def test_a_device_that_goes_away_leaves_rows_with_the_reason(
    server: Server, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PAUSES_S", (0.1,))

    class Stopping(ProgressReporter):
        def stage(self, name: str, total: int) -> None:
            if name == "board: measure memory":
                server.drop()
                server.stop()

    made = plan(server, exported, more=("host",))
    found = harness.run(made, tmp_path / "run", listener=Stopping())
    rows = {m.cell.target: m for m in found.measurements}
    assert rows["host"].status == "ok" and rows["board"].status == "failed"
    assert re.search(rf"^board: .*\b{len(session.PAUSES_S) + 1}\b", rows["board"].reason), "after so many connections"
    assert "\n" not in rows["board"].reason


def test_an_interrupted_run_goes_on_there(server: Server, exported: Path, tmp_path: Path) -> None:
    made = plan(server, exported)
    with pytest.raises(KeyboardInterrupt):
        harness.run(made, tmp_path / "run", listener=StopAfter("board: measure latency", 1))
    assert not run_store.read(tmp_path / "run").measurements
    journal = next((server.home / ".edgebench" / "work").glob("*/run/journal.jsonl"))
    before = [line["job"] for line in lines_of(journal)]
    assert "memory~resnet1d~none~onnx~board" in before
    found = harness.run(made, tmp_path / "run", resume=True)
    assert [m.status for m in found.measurements] == ["ok"]
    after = [line["job"] for line in lines_of(tmp_path / "run" / "devices" / "board" / "journal.jsonl")]
    assert after[: len(before)] == before and len(after) == len(set(map(str, after)))


@pytest.mark.slow
def test_pip_that_fails_is_a_row(server: Server, exported: Path, tmp_path: Path) -> None:
    server.set_there("PIP_INDEX_URL=http://127.0.0.1:1/ PIP_RETRIES=0")
    board = str(server.target(ssh_python=sys.executable))
    found = harness.run(quick(exported, "onnx", targets=(board,), limit=8), tmp_path / "run")
    (row,) = found.measurements
    assert row.status == "failed" and row.host == "board"
    assert row.reason.startswith("board: pip ") and set(wheel.BASE) <= set(row.reason.replace(":", "").split())
    assert "\n" not in row.reason


@pytest.mark.slow
def test_it_installs_what_is_needed_into_an_environment_of_its_own(
    server: Server, exported: Path, tmp_path: Path
) -> None:
    server.set_there("PIP_NO_COMPILE=1")  # Python compiles what is imported
    board = str(server.target(ssh_python=sys.executable))
    found = harness.run(quick(exported, "onnx", targets=(board,), limit=8), tmp_path / "r")
    rows = {m.cell.exporter: m for m in found.measurements}
    if rows["onnx"].reason.startswith("board: pip "):
        pytest.skip(f"no package index can be reached: {rows['onnx'].reason}")
    assert rows["onnx"].status == "ok"
    packages = found.devices[rows["onnx"].host]["packages"]
    assert packages["edgebench"].endswith("+device")
    assert (server.home / ".edgebench" / "venv" / "bin" / "python").exists()
