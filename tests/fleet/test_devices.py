"""The cells of a target on a worker of a real cluster: measured as on this machine, checked as over SSH."""

from __future__ import annotations

import json
from pathlib import Path

from fleet_processes import TARGET, Processes, plan, run
from helpers import lines_of

from edgebench.core.progress import ProgressReporter
from edgebench.fleet.fleet import Options
from edgebench.pipeline import run_store


class Hear(ProgressReporter):
    def __init__(self) -> None:
        self.doing: list[tuple[str, str]] = []

    def machine(self, name: str, doing: str) -> None:
        self.doing.append((name, doing))


def test_rows_are_those_of_a_local_run(cluster: Processes, tmp_path: Path) -> None:
    hear, asked = Hear(), plan(tmp_path / "made")
    there, here = run(asked, tmp_path / "there", cluster.address, listener=hear), run(asked, tmp_path / "here")
    assert there.keys() == here.keys() and len(there) == 2
    for name, m in there.items():
        local = here[name]
        assert (m.status, m.artifact, m.scores) == (local.status, local.artifact, local.scores) and m.scores
        assert m.latency and m.latency.samples and m.host == f"board-1: {local.host}"
    samples = sorted(p.name for p in (tmp_path / "there" / "samples").iterdir())
    assert samples == sorted(p.name for p in (tmp_path / "here" / "samples").iterdir())
    assert not list((cluster.folder / "board-1" / "work").iterdir()), "it was cleaned up"
    assert {name for name, _ in hear.doing} == {"board-1 (x86-cpu)"} and hear.doing[-1][1] == ""
    assert any("latency" in doing for _, doing in hear.doing)
    found = run_store.read(tmp_path / "there")
    environment = json.loads((tmp_path / "there/devices/x86-cpu/environment.json").read_text())
    assert found.environment_of(found.measurements[0]) == environment


def test_contents_travel_once(cluster: Processes, tmp_path: Path) -> None:
    asked, files = plan(tmp_path / "made", "three"), cluster.folder / "board-1" / "files"
    run(asked, tmp_path / "one", cluster.address)
    before = {p.name: p.stat().st_ino for p in files.iterdir()}
    largest = max(files.iterdir(), key=lambda p: p.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1] + b"!")
    rows = run(asked, tmp_path / "two", cluster.address)
    after = {p.name: p.stat().st_ino for p in files.iterdir()}
    changed = {name for name, number in after.items() if before.get(name) != number}
    assert largest.name in changed and len(changed) <= 2, "the damaged one, and the plan's listing if it differs"
    assert {m.status for m in rows.values()} == {"ok"}


def test_boards_of_a_pool_share_the_cells(cluster: Processes, tmp_path: Path) -> None:
    cluster.worker("board-2", "--device", TARGET)
    try:
        asked = plan(tmp_path / "made", "a", "b", "c", "d")
        rows = run(asked, tmp_path / "run", Options(cluster.address, pool=True))
    finally:
        cluster.kill("board-2")
    assert len(rows) == 4 and {m.status for m in rows.values()} == {"ok"}
    assert {m.host.partition(":")[0] for m in rows.values()} == {"board-1", "board-2"}
    found = run_store.read(tmp_path / "run")
    assert all(found.environment_of(m)["cpu"] for m in found.measurements)
    jobs = [str(one["job"]) for path in (tmp_path / "run/devices").glob("*/journal.jsonl") for one in lines_of(path)]
    assert jobs.count("latency~a~none~as-is~x86-cpu~0") == 2, "the common cell, on each board"
    assert jobs.count("latency~d~none~as-is~x86-cpu~0") == 1
