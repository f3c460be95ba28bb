"""What `edgebench doctor --cluster` says of each worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fleet_processes import TARGET, Processes

from edgebench import __version__
from edgebench.fleet import fleet, look
from edgebench.fleet.cluster import Peer
from edgebench.fleet.fleet import Options
from edgebench.fleet.messages import encoded


def test_each_worker_is_asked(cluster: Processes) -> None:
    with fleet.connected(Options(cluster.address)) as connected:
        (found,) = look.all_of(connected)
    assert (found.name, found.offers, found.problem) == ("board-1", (f"device:{TARGET}",), "")
    assert found.looked and found.looked.edgebench == __version__ and found.looked.runtimes["onnx"] == ""
    assert found.looked.free_bytes > 0 and abs(found.skew_s) < look.SKEWED_S


class Answers:
    """A cluster of one worker with this answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def peers(self) -> list[Peer]:
        return [Peer("tcp://x", "board", {"build": 1})]

    def call(self, _: str) -> Any:
        return lambda *_: self.answer


def asked(answer: Any) -> look.Found:
    cluster: Any = Answers(answer)
    (found,) = look.all_of(cluster)
    return found


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    here = look.here(tmp_path)
    assert "behind" in asked(encoded(replace(here, time_s=here.time_s - 3600))).problem
    assert "0.0" in asked(encoded(replace(here, edgebench="0.0"))).problem
    for none in (None, b"", b"{}", "text"):
        found = asked(none)
        assert found.looked is None and found.problem.startswith("board")
