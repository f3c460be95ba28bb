"""A real OpenSSH server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import ssh_server
from ssh_server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with ssh_server.serving(tmp_path / "server") as running:
        yield running
