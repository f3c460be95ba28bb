from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_datasets import make_cifar10, make_mnist, make_tar

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, DownloadError
from edgebench.data import download as downloading
from edgebench.data.cifar10 import fetch as cifar10
from edgebench.data.download import Published, download
from edgebench.data.mnist import dataset as mnist

CONTENT = bytes(range(256)) * 1000
FILE = Published("a.bin", hashlib.md5(CONTENT).hexdigest(), len(CONTENT))


class Server(ThreadingHTTPServer):
    """Serves files by name, and misbehaves as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"a.bin": CONTENT}
        self.starts: list[int] = []
        self.cut = 0
        """How many more answers break off midway."""
        self.endless = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.server.files.get(self.path.lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.server.starts.append(start)
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if self.server.endless:
            self.end_headers()
            while True:
                self.wfile.write(bytes(1 << 16))
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.server.cut -= 1
        part = content[start:]
        self.wfile.write(part[: len(part) // 2] if self.server.cut >= 0 else part)

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(downloading, "PAUSE_S", 0.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(server: Server, folder: Path, file: Published = FILE, progress: Progress | None = None) -> bool:
    return download(server.url + file.name, file, folder, progress)


def test_a_whole_file_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    assert get(server, tmp_path / "deep" / "home", progress=lambda done, all_: steps.append((done, all_)))
    assert (tmp_path / "deep" / "home" / "a.bin").read_bytes() == CONTENT and steps[-1] == (len(CONTENT), len(CONTENT))
    assert not get(server, tmp_path / "deep" / "home") and server.starts == [0]
    (tmp_path / "deep" / "home" / "a.bin").write_bytes(CONTENT[:-1])
    assert get(server, tmp_path / "deep" / "home")


def test_a_broken_connection_is_continued(server: Server, tmp_path: Path) -> None:
    server.cut = 2
    assert get(server, tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert server.starts[0] == 0 and server.starts[1] > 0 and server.starts[2] > server.starts[1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_server_that_never_ends(server: Server, tmp_path: Path) -> None:
    server.endless = True
    with pytest.raises(DownloadError, match="which the published file does not have"):
        get(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_the_published_file(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="its MD5 is not the published one"):
        get(server, tmp_path, Published("a.bin", "0" * 32, 10**6))
    assert list(tmp_path.iterdir()) == [] and set(server.starts) == {0}
    with pytest.raises(DownloadError, match="HTTP 404"):
        get(server, tmp_path, Published("b.bin", "0" * 32, 10**6))
    with pytest.raises(DownloadError, match="no connection to the server"):
        download("http://127.0.0.1:9/a.bin", FILE, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="a file, not a folder"):
        get(server, tmp_path / "file")


def test_cifar10_is_fetched_and_unpacked(server: Server, tmp_path: Path) -> None:
    home = make_cifar10(tmp_path / "made", 4) / "cifar-10-batches-py"
    names = sorted(path.name for path in home.iterdir())
    packed = make_tar(
        tmp_path / "c.tgz", *((f"cifar-10-batches-py/{n}", (home / n).read_bytes()) for n in names)
    ).read_bytes()
    server.files["c.tar.gz"] = packed
    published = Published("c.tar.gz", hashlib.md5(packed).hexdigest(), len(packed))
    folder = tmp_path / "cifar10"
    for fetched in (1, 0):
        assert cifar10.fetch(folder, server.url + "c.tar.gz", published) == fetched
        assert {p.name: p.read_bytes() for p in (folder / "cifar-10-batches-py").iterdir()} == {
            n: (home / n).read_bytes() for n in names
        }
        (folder / "cifar-10-batches-py" / names[0]).unlink()


def test_mnist_is_fetched(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_mnist(tmp_path / "made")
    server.files = {path.name: path.read_bytes() for path in made.iterdir()}
    monkeypatch.setattr(
        mnist, "PUBLISHED", [Published(n, hashlib.md5(c).hexdigest(), len(c)) for n, c in server.files.items()]
    )
    assert mnist.DATASET.fetch(tmp_path / "mnist", url=server.url) == 4
    assert mnist.DATASET.fetch(tmp_path / "mnist", url=server.url) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "mnist").iterdir()} == server.files
