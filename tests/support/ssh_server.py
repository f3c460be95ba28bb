"""A real OpenSSH server on loopback, run by the user with keys of its own; nothing outside its folder is touched."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
SFTP = "/usr/lib/openssh/sftp-server"


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    for name in (SSHD, "ssh", "sftp", "ssh-keygen"):
        if not shutil.which(name):
            return f"{name} is not installed"
    return ""


@dataclass
class Server:
    """A server with the home of whoever logs in, and a client's configuration that reaches it as `board`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def config(self) -> Path:
        return self.folder / "client"

    def target(self, **fields: object) -> Path:
        """A profile of this machine as a device behind the server."""
        path = self.folder / f"{fields.get('name', 'board')}.toml"
        given = {
            "name": "board", "description": "this machine over SSH", "architecture": "", "threads": 1, "ssh": "board",
            "ssh_config": str(self.config), "ssh_timeout_s": 60.0, **fields,
        }  # fmt: skip
        lines = [f'{k} = "{v}"' if isinstance(v, str) else f"{k} = {v}" for k, v in given.items()]
        path.write_text("\n".join(lines) + "\n")
        return path

    def start(self) -> None:
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", self.folder / "sshd_config"], stderr=(self.folder / "log").open("ab"),
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def set_there(self, variables: str) -> None:
        """Start again, with more variables `NAME=VALUE` in the environment of whoever logs in."""
        path = self.folder / "sshd_config"
        path.write_text(path.read_text().replace("SetEnv ", f"SetEnv {variables} "))
        self.stop()
        self.start()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def drop(self) -> int:
        """Break off every connection, as a network does; returns how many there were."""
        assert self.process
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        for child in found:
            os.kill(int(child), 9)
        return len(found)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server on a free port of loopback, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Server(folder, probe.getsockname()[1])
    server.home.mkdir(parents=True)
    folder.chmod(0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    host_key = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known").write_text(f"[127.0.0.1]:{server.port} {host_key}\n")
    (folder / "sshd_config").write_text(
        f"Port {server.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nSetEnv HOME={server.home}\nSubsystem sftp internal-sftp\n"
    )
    server.config.write_text(
        f"Host board\n  HostName 127.0.0.1\n  Port {server.port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {folder}/user\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known\n"
        "  GlobalKnownHostsFile /dev/null\n"
    )
    if os.geteuid() == 0:  # root's sshd wants its empty folder
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server.start()
    try:
        yield server
    finally:
        server.stop()
