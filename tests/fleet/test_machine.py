"""The work of a worker's machine, without Dask: contents in, results out, and an end whatever the client does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgebench import __version__
from edgebench.fleet import machine as machines
from edgebench.fleet.machine import Ended, Machine
from edgebench.fleet.messages import Reply, Request, Told
from edgebench.remote.bundles.layout import Entry

DATA = b"content"
ONE = Entry(hashlib.sha256(DATA).hexdigest(), len(DATA))


def request(**fields: Any) -> Request:
    return Request(**{
        "do": "measure", "topic": "t", "task": "task", "session": "s1", "edgebench": __version__,
        "files": {"a/b": ONE}, **fields,
    })  # fmt: skip


class Client:
    """Answers what a machine asks for; `release` may be left out."""

    def __init__(self, machine: Machine, release: bool = True) -> None:
        self.machine, self.release, self.heard = machine, release, list[Told]()
        self.results: list[tuple[bytes, int]] = []

    def __call__(self, told: Told) -> None:
        self.heard.append(told)
        if told.what == "need":
            self.machine.moved()
            assert self.machine.contents.put(ONE, 0, DATA)
        if told.what == "ready":
            self.results = self.machine.fetch("s1", [("x", 0), ("missing", 0)])
            if self.release:
                self.machine.release(told.task)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, "tcp://here:1", "board")

    def measure(work: Path, line: Callable[[str], object], ended: Callable[[], bool], patience_s: float) -> str:
        assert (work / "bundle/a/b").read_bytes() == DATA
        (work / "run").mkdir()
        (work / "run" / "x").write_bytes(b"result")
        line('{"event": "note", "text": "hi"}')
        return ""

    made.measure = measure
    return made


def test_contents_come_results_go_and_nothing_stays(machine: Machine, tmp_path: Path) -> None:
    client = Client(machine)
    assert machine.perform(request(), client, lambda: False) == Reply("ok")
    assert [told.what for told in client.heard] == ["need", "line", "ready"]
    assert client.results == [(b"result", 6), (b"", -1)]
    assert not (tmp_path / "work" / "s1").exists() and (tmp_path / "files" / ONE.sha256).exists()
    machine.perform(request(), client, lambda: False)
    assert [told.what for told in client.heard[3:]] == ["line", "ready"], "the content is there"


def test_another_version_is_refused(machine: Machine) -> None:
    reply = machine.perform(request(edgebench="0.0"), lambda _: pytest.fail("nothing is asked for"), lambda: False)
    assert reply.status == "failed" and "0.0" in reply.reason and __version__ in reply.reason


def test_a_failure_is_the_reply(machine: Machine) -> None:
    machine.measure = lambda *_: "it broke"
    assert machine.perform(request(), Client(machine), lambda: False) == Reply("failed", "it broke")


@pytest.mark.parametrize("ends_at", ["need", "ready"])
def test_a_cancelled_task_ends_wherever_it_is(machine: Machine, ends_at: str) -> None:
    client, heard = Client(machine, release=False), list[str]()

    def tell(told: Told) -> None:
        heard.append(told.what)
        if told.what != ends_at:
            client(told)

    with pytest.raises(Ended):
        machine.perform(request(), tell, lambda: ends_at in heard)


def test_a_silent_client_is_given_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "SILENCE_S", 0.5)
    reply = machine.perform(request(), lambda _: None, lambda: False)
    assert reply.status == "failed" and "0.5 s" in reply.reason


def test_what_was_not_heard_is_said_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "AGAIN_S", 0.3)
    client, lost = Client(machine), list[Told]()

    def deaf(told: Told) -> None:
        lost.append(told)
        if len(lost) > 2:
            client(told)

    assert machine.perform(request(), deaf, lambda: False).status == "ok"
    assert [told.what for told in lost[:3]] == ["need"] * 3


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a/../../bundle/a/b"])
def test_only_results_are_given_out(machine: Machine, name: str) -> None:
    machine.measure = lambda *_: "kept for the next attempt"
    with pytest.raises(ValueError, match="outside"):
        machine.fetch("s1", [(name, 0)])
    with pytest.raises(ValueError, match="outside"):
        machine.fetch("../s1", [("x", 0)])


def test_a_link_out_of_the_run_is_not_followed(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "work/s1/run").mkdir(parents=True)
    (tmp_path / "work/s1/run/x").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="outside"):
        machine.fetch("s1", [("x", 0)])


def test_one_measures_at_a_time(machine: Machine) -> None:
    at_work, most = [], []

    def measure(work: Path, *_: object) -> str:
        at_work.append(1)
        most.append(len(at_work))
        threading.Event().wait(0.2)
        at_work.pop()
        return "done"

    machine.measure = measure
    others = [Machine(machine._home, "tcp://here:2", "other") for _ in range(2)]
    for one in others:
        one.measure = measure
    threads = [
        threading.Thread(target=one.perform, args=(request(session=f"s{n}"), Client(one), lambda: False))
        for n, one in enumerate((machine, *others))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
