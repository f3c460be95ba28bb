"""Connections to a real OpenSSH server on loopback, and what refuses them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import small_onnx
import snapshots
import ssh_server
from helpers import edgebench_here
from ssh_server import Server

from edgebench.core import target_profiles
from edgebench.core.cells import Target
from edgebench.core.errors import RemoteError
from edgebench.measuring import environment
from edgebench.remote import session
from edgebench.remote.link import Link

pytestmark = pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())
AS_IS: dict[str, object] = {"ssh_python": sys.executable, "ssh_packages": "as-is"}


def target(server: Server, **fields: Any) -> Target:
    return target_profiles.find(str(server.target(**AS_IS | fields)), environment.machine())


def test_two_runs_at_once_are_refused_until_the_first_crashes(server: Server, tmp_path: Path) -> None:
    here = target(server)
    with Link(here, "first"):
        with pytest.raises(RemoteError, match=r"^board: .*\d") as caught:
            session.check(here, tmp_path)
        assert "\n" not in str(caught.value)
        with Link(here, "first"):
            pass  # the same run may come back: its other end has not noticed yet that it was cut off
    code = (
        "import os, sys, tomllib\nfrom edgebench.core.cells import Target\nfrom edgebench.remote.link import Link\n"
        "link = Link(Target(**tomllib.load(open(sys.argv[1], 'rb'))), 'crash').__enter__()\nprint('open', flush=True)\n"
        "import time\ntime.sleep(600)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, server.target(**AS_IS)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout and child.stdout.readline() == "open\n"
    with pytest.raises(RemoteError, match=r"^board: .*\d"):
        session.check(here, tmp_path)
    child.send_signal(signal.SIGKILL)
    child.wait()
    deadline = time.monotonic() + 20
    while True:
        try:
            return session.check(here, tmp_path)
        except RemoteError:
            assert time.monotonic() < deadline, "the lock was not let go of"
            time.sleep(0.2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small ONNX file."""
    return small_onnx.save(tmp_path / "a.onnx")


def refused(server: Server, file: Path, tmp_path: Path, **fields: object) -> str:
    """What the command line says; it is one line, and nothing was begun."""
    profile = server.target(**AS_IS | fields)
    command = ("run", "--artifact", file, "--dataset", "demo", "--target", profile, "-o", tmp_path / "run")
    done = edgebench_here(*command)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert not (tmp_path / "run").exists()
    return done.stderr


def test_an_unknown_host_key_is_refused(server: Server, file: Path, tmp_path: Path) -> None:
    known = server.folder / "known"
    right = known.read_text()
    known.write_text("")
    snapshots.check_line("errors-ssh", "a host key that is not known", refused(server, file, tmp_path).rstrip())
    assert known.read_text() == "", "and it is not taken in"
    other = " ".join((server.folder / "user.pub").read_text().split()[:2])
    known.write_text(f"[127.0.0.1]:{server.port} {other}\n")
    snapshots.check_line("errors-ssh", "a host key that has changed", refused(server, file, tmp_path).rstrip())
    known.write_text(right)
    session.check(target(server), tmp_path)


def test_what_else_cannot_be_reached_or_used(server: Server, file: Path, tmp_path: Path) -> None:
    """The line names the device, and what of its profile is wrong."""
    assert "board: /no/python " in refused(server, file, tmp_path, ssh_python="/no/python")
    assert "board: /bin/false " in refused(server, file, tmp_path, ssh_python="/bin/false")
    assert "nowhere.invalid: " in refused(server, file, tmp_path, ssh="nowhere.invalid")
    assert "/no/config" in refused(server, file, tmp_path, ssh_config="/no/config")
    (server.folder / "authorized").write_text("")
    snapshots.check_line("errors-ssh", "no key that is accepted", refused(server, file, tmp_path).rstrip())
    server.stop()
    assert os.strerror(errno.ECONNREFUSED) in refused(server, file, tmp_path)
