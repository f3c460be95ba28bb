"""A cache of its own for every test of PTB-XL, and a server to fetch from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from physionet import PhysioNet

from edgebench.data.ptbxl import download


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Impatient(threading.Event):
    """Waits for nothing, so that five tries take no time."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(0)


@pytest.fixture
def server(ptbxl: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PhysioNet]:
    begin = download.Downloader.__init__

    def hurried(self: download.Downloader, url: str, directory: Path) -> None:
        begin(self, url, directory)
        self._stopped = Impatient()

    monkeypatch.setattr(download.Downloader, "__init__", hurried)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    ptbxl.rename(ptbxl.with_name("published"))
    with PhysioNet(ptbxl.with_name("published")) as server:
        server.publish()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
