"""The device's end of an SSH session: one file, standard library only, which the client sends and runs.

It holds the device's lock as long as it lives, and it lives as long as the connection: when that ends, or when no
message arrives for a while, it ends its child processes and exits. It reads one JSON request a line and answers with
JSON lines, of which the last one of each request has `done`. Nothing of the working directory is imported: the program
that reads this file takes it off Python's path, and each Python that is started here has -P.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from importlib import metadata
from pathlib import Path
from typing import IO, Any

LIFE_S = 10.0
TEXT = 16_000
"""Characters of a system file that are reported."""
LOG_BYTES = 64 * 2**20
"""What pip or the device side may write besides its answers; what writes more is ended."""
KEPT_BYTES = 1 << 16
"""What is kept of that: its end."""
LINE = 1 << 20
"""Characters of an answer that are passed on at once: a line may have no end."""
SAFE = {**os.environ, "PYTHONSAFEPATH": "1"}
"""The environment of what is started here: no Python in it imports from the working directory."""
STALE_S = 14 * 86400.0
"""Seconds after which the work of an abandoned run is removed."""


class Agent:
    """The work of a device for a remote run; a request `NAME` calls the method `_do_NAME`."""

    def __init__(self) -> None:
        self._home = Path()
        self._session = ""
        self._lock = -1
        self._child: subprocess.Popen[str] | None = None
        self._last_message = time.monotonic()
        self._silence_s = 120.0
        self._writing = threading.Lock()
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()

    def serve(self) -> None:
        """Answer requests until the connection ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()
        threading.Thread(target=self._live, daemon=True).start()
        while True:
            request = self._waiting.get()
            try:
                answer = getattr(self, "_do_" + request.pop("do"))(**request)
            except Exception as error:  # the other end must receive every error
                answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:400]}
            self._say(done=True, **answer)

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            self._last_message = time.monotonic()
            request = json.loads(line)
            if request:  # an empty one is a keep-alive
                self._waiting.put(request)
        self._end()

    def _watch(self) -> None:
        while time.monotonic() - self._last_message < self._silence_s:
            time.sleep(1)
        self._end()

    def _live(self) -> None:
        """Send keep-alives, also during long requests."""
        while True:
            self._write("{}\n")
            time.sleep(LIFE_S)

    def _end(self) -> None:
        if self._child:
            _kill(self._child)
        os._exit(1)

    def _say(self, **answer: Any) -> None:
        self._write(json.dumps(answer) + "\n")

    def _write(self, line: str) -> None:
        with self._writing:
            sys.stdout.write(line)
            sys.stdout.flush()

    @property
    def _work(self) -> Path:
        return self._home / "work" / self._session

    def _do_hello(self, folder: str, session: str, silence_s: float) -> dict[str, Any]:
        """Take the device's lock, also from an agent of the same run that has not noticed its lost connection."""
        self._silence_s, self._session = silence_s, session
        if sys.version_info < (3, 11):  # noqa: UP036 - sent to devices that have what they have
            return {"error": f"Python {platform.python_version()} there; EdgeBench needs 3.11 or newer: set ssh_python"}
        self._home = Path.home() / folder
        (self._home / "files").mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        holder: dict[str, Any] = {}
        for _ in range(100):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                holder = self._holder()
                if holder.get("session") != session:
                    return {"busy": f"another run uses it (process {holder.get('pid', '?')} there)"}
                os.kill(holder["pid"], signal.SIGKILL)
                time.sleep(0.1)
        else:
            return {"busy": f"process {holder.get('pid', '?')} there does not release it"}
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps({"pid": os.getpid(), "session": session}).encode(), 0)
        name = platform.machine().lower()
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)
        return {"home": str(self._home), "machine": machine, "free": shutil.disk_usage(self._home).free}

    def _holder(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(os.pread(self._lock, 1000, 0))
        except ValueError:
            return {}
        return found

    def _do_look(self, files: list[str], packages: list[str]) -> dict[str, Any]:
        """What files of the system say, without the middle of long ones, and the packages that this Python has."""
        texts, versions = {}, {}
        for name in files:
            with contextlib.suppress(OSError):
                text = Path(name).read_text(errors="replace")
                texts[name] = text if len(text) < TEXT else text[: TEXT // 2] + "\n" + text[-TEXT // 2 :]
        for name in packages:
            with contextlib.suppress(metadata.PackageNotFoundError):
                versions[name] = metadata.version(name)
        return {
            "texts": texts, "packages": versions, "threads": os.cpu_count() or 1, "load": os.getloadavg()[0],
            "system": f"{platform.system()} {platform.release()}", "python": platform.python_version(),
        }  # fmt: skip

    def _do_missing(self, files: dict[str, int]) -> dict[str, Any]:
        """The SHA-256 of contents that are missing here; damaged files count as missing."""
        store = self._home / "files"
        missing = [h for h, size in files.items() if not self._whole(store / h, h, size)]
        return {"missing": missing, "begun": [h for h in missing if (store / (h + ".part")).is_file()]}

    def _do_store(self, hashes: list[str]) -> dict[str, Any]:
        """Store the contents that were sent as HASH.part and arrived whole."""
        damaged = []
        for name in hashes:
            part = self._home / "files" / (name + ".part")
            if self._whole(part, name):
                part.replace(part.with_name(name))
            else:
                damaged.append(name)
                part.unlink(missing_ok=True)
        return {"damaged": damaged}

    def _whole(self, path: Path, sha256: str, size: int = -1) -> bool:
        if not path.is_file() or (size >= 0 and path.stat().st_size != size):
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256

    def _do_unpack(self, names: dict[str, str], wheels: list[str]) -> dict[str, Any]:
        """Make the bundle's folder, and the device side beside it, of the contents that are here."""
        bundle = self._work / "bundle"
        shutil.rmtree(bundle, ignore_errors=True)
        for name, content in names.items():
            target = bundle / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._home / "files" / content, target)
        shutil.rmtree(self._work / "site", ignore_errors=True)
        for wheel in wheels:
            with zipfile.ZipFile(self._home / "files" / wheel) as archive:
                archive.extractall(self._work / "site")
        return {}

    def _do_prepare(self, packages: str, requirements: dict[str, list[str]]) -> dict[str, Any]:
        """Prepare a Python with the packages of each format; `failed` holds pip's errors by format."""
        if packages == "as-is":
            return {"python": sys.executable, "failed": {}}
        venv = self._home / "venv"
        python = venv / "bin" / "python"
        kind = {"python": sys.version, "executable": sys.executable, "packages": packages}
        marker = venv / "edgebench.json"
        known: dict[str, Any] = json.loads(marker.read_text()) if marker.is_file() else {}
        if known.get("kind") != kind:
            shutil.rmtree(venv, ignore_errors=True)
            more = ["--system-site-packages"] if packages == "system" else []
            if line := self._run([sys.executable, "-P", "-m", "venv", *more, str(venv)]):
                return {"error": f"no virtual environment there: {line}"}
            known = {"kind": kind, "has": []}
            marker.write_text(json.dumps(known))
        failed = {}
        for form, needed in requirements.items():
            if set(needed) <= set(known["has"]):
                continue
            self._say(event="note", text="installs " + " ".join(needed))
            quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
            if line := self._run([str(python), "-P", "-m", "pip", "install", *quiet, *needed]):
                failed[form] = line
                continue
            known["has"] += needed
            marker.write_text(json.dumps(known))
        return {"python": str(python), "failed": failed}

    def _run(self, command: list[str]) -> str:
        """Run a command; returns the last line of its errors if it fails, else an empty text."""
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", start_new_session=True, env=SAFE,
        )  # fmt: skip
        said = Tail(self._child, self._child.stdout)
        status = self._child.wait()
        lines = said.lines()
        errors = [line for line in lines if line.lower().startswith("error")] or lines
        return "" if not status else said.flood or (errors[-1] if errors else "it failed without a message")[:300]

    def _do_measure(self, python: str, arguments: list[str]) -> dict[str, Any]:
        """Measure the bundle; every line of the device side is passed on."""
        how = ["--resume", "run"] if (self._work / "run" / "plan.json").is_file() else ["-o", "run"]
        environment = {
            **SAFE, "PYTHONPATH": str(self._work / "site"), "EDGEBENCH_CACHE": str(self._work / "cache"),
            "EDGEBENCH_PARENT": str(os.getpid()),
        }  # fmt: skip
        self._child = subprocess.Popen(
            [python, "-P", "-m", "edgebench.cli.device", "measure", "bundle", "--events", *how, *arguments],
            cwd=self._work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        said = Tail(self._child, self._child.stderr)
        assert self._child.stdout
        while line := self._child.stdout.readline(LINE):
            self._write(line)
        status, lines = self._child.wait(), said.lines()
        return {"status": status, "last": said.flood or (lines[-1][:300] if lines else "")}

    def _do_clean(self, keep: list[str]) -> dict[str, Any]:
        """Remove this run's work, old work of others, and the contents that are not of this bundle."""
        shutil.rmtree(self._work, ignore_errors=True)
        for old in (self._home / "work").glob("*"):
            if time.time() - old.stat().st_mtime > STALE_S:
                shutil.rmtree(old, ignore_errors=True)
        for path in (self._home / "files").iterdir():
            if path.name not in keep:
                path.unlink()
        return {}


class Tail:
    """The end of what a child writes, read by a thread; a child that writes without end is ended."""

    def __init__(self, child: subprocess.Popen[str], stream: IO[str] | None) -> None:
        assert stream
        self._child, self._stream, self._kept = child, stream, b""
        self.flood = ""
        """Why it was ended; empty where it was not."""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def lines(self) -> list[str]:
        """The last lines with any text, after the child has ended."""
        self._thread.join(1)  # a process that it left behind may hold the stream open
        return [line.strip() for line in self._kept.decode(errors="replace").splitlines() if line.strip()]

    def _read(self) -> None:
        count = 0
        while part := os.read(self._stream.fileno(), KEPT_BYTES):
            self._kept = (self._kept + part)[-KEPT_BYTES:]
            count += len(part)
            if count > LOG_BYTES and not self.flood:
                self.flood = f"it wrote over {LOG_BYTES / 1e6:.0f} MB of messages, and was ended"
                _kill(self._child)


def _kill(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    Agent().serve()
