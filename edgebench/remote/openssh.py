"""What ssh and sftp share: their options, and lost connections."""

from __future__ import annotations

from pathlib import Path

from edgebench.core.cells import Target
from edgebench.core.errors import RemoteError

CONNECTION_FAILED = 255
"""ssh's exit status for its own errors, not the remote command's."""


class ConnectionLost(Exception):  # noqa: N818
    """The connection broke off; the text says how. Never shown by itself."""


def not_installed(program: str) -> RemoteError:
    """The error where OpenSSH's client is missing on this machine."""
    return RemoteError(f"{program} is not installed here: OpenSSH's client is needed")


def options(target: Target) -> list[str]:
    """Options of ssh and sftp in addition to the user's configuration."""
    fixed = {
        "BatchMode": "yes", "StrictHostKeyChecking": "yes", "LogLevel": "ERROR", "ServerAliveInterval": "15",
        "ServerAliveCountMax": "4", "ConnectTimeout": f"{max(1, round(target.ssh_timeout_s))}",
    }  # fmt: skip
    config = ["-F", str(Path(target.ssh_config).expanduser())] if target.ssh_config else []
    return [*config, *(part for name, value in fixed.items() for part in ("-o", f"{name}={value}"))]
