"""Files by sftp: named by this machine, bounded in bytes and in time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import ssh_server
from hostile import device
from ssh_server import Server

from edgebench.core.errors import RemoteError
from edgebench.remote import transfer
from edgebench.remote.openssh import ConnectionLost

pytestmark = pytest.mark.skipif(bool(ssh_server.missing()), reason=ssh_server.missing())


def test_files_come_to_the_places_of_the_list(server: Server, tmp_path: Path) -> None:
    there = tmp_path / 'a "folder" * [x]?\\'
    (there / "samples").mkdir(parents=True)
    (there / "plan.json").write_text("{}")
    (there / "samples" / "a~b.npy").write_bytes(b"x" * 300_000)
    (there / "samples" / "more.npy").write_bytes(b"x")
    transfer.get(device(server), str(there), ["plan.json", "none.json", "samples/a~b.npy"], tmp_path / "here")
    found = {p.relative_to(tmp_path / "here").as_posix(): p.read_bytes() for p in (tmp_path / "here").rglob("*.*")}
    assert found == {"plan.json": b"{}", "samples/a~b.npy": b"x" * 300_000}


def test_a_file_that_was_begun_goes_on(server: Server, tmp_path: Path) -> None:
    (server.home / ".edgebench" / "files").mkdir(parents=True)
    (tmp_path / "abc").write_bytes(b"0123456789" * 1000)
    part = server.home / ".edgebench" / "files" / "abc.part"
    part.write_bytes(b"0123456789" * 500)
    told = list(transfer.put(device(server), str(server.home / ".edgebench"), {"abc": tmp_path / "abc"}, ["abc"]))
    assert len(told) == 1 and part.read_bytes() == b"0123456789" * 1000


def test_a_path_that_would_be_a_command_is_refused() -> None:
    for path in ("a\nb", "a\rb", "\x1b", "\x7f"):
        with pytest.raises(RemoteError):
            transfer.quoted(path)
    assert transfer.quoted('a"*\\ b') == '"a\\"*\\\\ b"'


def test_all_files_together_have_an_end(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "ALL_BYTES", 1000)
    monkeypatch.setattr(transfer, "LOOK_S", 0.01)
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 200 << 20)
    with pytest.raises(RemoteError, match="sends over"):
        transfer.get(device(server), str(tmp_path), ["large"] * 5, tmp_path / "here")


def test_a_server_that_says_nothing_is_a_lost_connection(server: Server, tmp_path: Path) -> None:
    text = (server.folder / "sshd_config").read_text()
    (server.folder / "sshd_config").write_text(text.replace("internal-sftp", "/bin/sleep 600"))
    server.stop()
    server.start()
    with pytest.raises(ConnectionLost, match="no data for 2 s"):
        transfer.get(device(server, ssh_timeout_s=2.0), str(tmp_path), ["x"], tmp_path / "here")
