"""What becomes of a run whose worker, scheduler or client is killed: nothing is lost, and nothing measured twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import fleet_processes
import pytest
from fleet_processes import TARGET, Processes, plan, run
from helpers import lines_of

from edgebench.core.errors import RemoteError
from edgebench.core.progress import ProgressReporter
from edgebench.fleet import cluster as clusters


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Processes]:
    """A cluster whose processes a test may end."""
    with fleet_processes.running(tmp_path / "fleet") as made:
        made.worker("board-1", "--device", TARGET)
        yield made


class During(ProgressReporter):
    """Does something once, when a machine is at its second timed process."""

    def __init__(self, what: object) -> None:
        self.what, self.done, self.notes = what, False, list[str]()

    def machine(self, name: str, doing: str) -> None:
        if not self.done and "measure latency, 1 of" in doing:
            self.done = True
            self.what()  # type: ignore[operator]

    def note(self, text: str) -> None:
        self.notes.append(text)


def whole(rows: dict[str, object], folder: Path) -> None:
    assert len(rows) == 2 and {m.status for m in rows.values()} == {"ok"}  # type: ignore[attr-defined]
    assert len(lines_of(folder / "measurements.jsonl")) == 2
    jobs = [str(line["job"]) for line in lines_of(folder / "devices" / TARGET / "journal.jsonl")]
    assert len(jobs) == len(set(jobs)), "each was done once"


def test_a_killed_worker_comes_back_and_goes_on(own: Processes, tmp_path: Path) -> None:
    def kill() -> None:
        own.kill("board-1")
        threading.Thread(target=own.worker, args=("board-1", "--device", TARGET)).start()

    during = During(kill)
    rows = run(plan(tmp_path / "made"), tmp_path / "run", own.address, listener=during)
    assert during.done
    whole(dict(rows), tmp_path / "run")


def test_another_board_takes_over(own: Processes, tmp_path: Path) -> None:
    def kill() -> None:
        own.kill("board-1")
        threading.Thread(target=own.worker, args=("board-2", "--device", TARGET)).start()

    rows = run(plan(tmp_path / "made"), tmp_path / "run", own.address, listener=During(kill))
    whole(dict(rows), tmp_path / "run")
    assert {m.host.partition(":")[0] for m in rows.values()} == {"board-2"}, "none is mixed from two machines"


def test_a_restarted_scheduler_is_found_again(own: Processes, tmp_path: Path) -> None:
    def restart() -> None:
        own.kill("scheduler")
        own.start()

    during = During(lambda: threading.Thread(target=restart).start())
    rows = run(plan(tmp_path / "made"), tmp_path / "run", own.address, listener=during)
    assert during.done and any("scheduler" in note for note in during.notes)
    whole(dict(rows), tmp_path / "run")


def test_a_killed_client_resumes(own: Processes, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    asked = plan(tmp_path / "made")
    with pytest.raises(KeyboardInterrupt):
        run(asked, tmp_path / "run", own.address, listener=During(interrupt))
    rows = run(asked, tmp_path / "run", own.address, resume=True)
    whole(dict(rows), tmp_path / "run")


def test_a_board_that_stays_away_is_the_reason(own: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PATIENCE_S", 3.0)
    asked = plan(tmp_path / "made")
    rows = run(asked, tmp_path / "run", own.address, listener=During(lambda: own.kill("board-1")))
    assert {m.status for m in rows.values()} == {"failed"} and len(rows) == 2
    assert all(f"device:{TARGET}" in m.reason for m in rows.values())


def test_no_scheduler_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match=r"tcp://127\.0\.0\.1:9: no scheduler"):
        run(plan(tmp_path / "made"), tmp_path / "run", "tcp://127.0.0.1:9")
    assert not (tmp_path / "run").exists()
