"""What a device behind a real OpenSSH server on loopback, this machine, says of itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import ssh_server
from helpers import refused
from ssh_server import Server

import edgebench
from edgebench.core import target_profiles
from edgebench.core.errors import RemoteError
from edgebench.measuring import environment
from edgebench.remote import facts

pytestmark = pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
SAME = ("architecture", "cpu", "board", "threads", "memory_bytes", "instruction_sets", "python", "virtual", "governor")


def test_a_device_says_what_this_machine_says_of_itself(server: Server) -> None:
    here = environment.describe()
    there = facts.describe(target_profiles.find(str(server.target(ssh_python=sys.executable)), here))
    assert {name: there[name] for name in SAME} == {name: here[name] for name in SAME}
    assert there["packages"].items() <= here["packages"].items() and "onnxruntime" in there["packages"]


def test_doctor_asks_the_device_and_leaves_nothing_there(server: Server) -> None:
    found = edgebench.doctor(server.target(ssh_python=sys.executable))
    assert {one.subject: one.state for one in found.runtimes}["onnx on cpu"] == "ok"
    assert [(one.subject, one.state) for one in found.targets] == [("board", "ok")]
    assert not list((server.home / ".edgebench" / "files").iterdir())


def test_a_profile_of_another_board_is_told(server: Server) -> None:
    found = edgebench.doctor(server.target(ssh_python=sys.executable, board="Raspberry Pi 5"))
    assert [one.state for one in found.targets] == ["unsupported"] and "Raspberry Pi 5" in found.targets[0].detail


def test_a_target_without_a_device_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "ssh" in refused("doctor --target raspberry-pi-4", monkeypatch, capsys)
    with pytest.raises(RemoteError):
        edgebench.doctor(Path("raspberry-pi-4"))
