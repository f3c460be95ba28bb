"""A cache of its own for every test of data, and servers to fetch from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from physionet import PhysioNet

from edgebench.core.contracts import Progress
from edgebench.data.fetching import download


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Impatient(threading.Event):
    """Waits for nothing, so that five tries take no time."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(0)


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PhysioNet]:
    begin = download.Downloader.__init__

    def hurried(self: download.Downloader, url: str, directory: Path, progress: Progress | None = None) -> None:
        begin(self, url, directory, progress)
        self._stopped = Impatient()

    monkeypatch.setattr(download.Downloader, "__init__", hurried)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with PhysioNet(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(ptbxl: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PhysioNet]:
    """PTB-XL as PhysioNet serves it."""
    ptbxl.rename(ptbxl.with_name("published"))
    with serving(ptbxl.with_name("published"), monkeypatch) as running:
        running.publish()
        yield running


@pytest.fixture
def file_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PhysioNet]:
    """Serves an empty folder, for a test to fill."""
    (tmp_path / "served").mkdir()
    with serving(tmp_path / "served", monkeypatch) as running:
        yield running
