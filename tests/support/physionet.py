"""PhysioNet on this machine, as honest or hostile as a test needs it."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from edgebench.core.files import sha256


class PhysioNet(ThreadingHTTPServer):
    """Serves a folder on this machine, and misbehaves as it is told."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.lock = folder, threading.Lock()
        self.seen: list[tuple[str, int]] = []
        """Each request's file, and where it asked to begin."""
        self.cuts: Counter[str] = Counter()
        """How many more answers break off midway, by file."""
        self.damages: Counter[str] = Counter()
        self.ranges = True
        self.instead: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        """What to do in the place of an answer, by file."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def publish(self) -> None:
        files = [f for f in sorted(self.folder.rglob("*")) if f.is_file() and f.name != "SHA256SUMS.txt"]
        lines = [f"{sha256(f)}  {f.relative_to(self.folder).as_posix()}\n" for f in files]
        (self.folder / "SHA256SUMS.txt").write_text("".join(lines))

    def asked(self, name: str) -> list[int]:
        return [start for asked, start in self.seen if asked == name]

    def take(self, counter: Counter[str], name: str) -> bool:
        with self.lock:
            counter[name] -= 1
            return counter[name] >= 0


class Handler(BaseHTTPRequestHandler):
    server: PhysioNet

    def do_GET(self) -> None:
        server, name = self.server, self.path.lstrip("/")
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and server.ranges else 0
        with server.lock:
            server.seen.append((name, start))
        if name in server.instead:
            server.instead[name](self)
            return
        if not (server.folder / name).is_file():
            self.send_error(404)
            return
        data = (server.folder / name).read_bytes()
        if start >= len(data):
            self.send_error(416)
            return
        if server.take(server.damages, name):
            data = bytes([data[0] ^ 1]) + data[1:]
        data = data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if server.take(server.cuts, name) else data)

    def log_message(self, *_: object) -> None:
        pass


Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


def endless(piece: bytes, pause_s: float = 0.0, **headers: str) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        answer(**headers)(handler)  # type: ignore[arg-type]
        try:
            while True:
                handler.wfile.write(piece)
                time.sleep(pause_s)
        except OSError:
            pass

    return send
