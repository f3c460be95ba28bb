"""Download PTB-XL from PhysioNet: only the requested folds and rate, resumable, checked by SHA-256."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, DownloadError, MissingPackage
from edgebench.core.files import disk_full_at, sha256, write_text
from edgebench.data.ptbxl.index import RATES, read_index
from edgebench.data.ptbxl.tables import DATABASE, STATEMENTS

if TYPE_CHECKING:
    import requests

URL = "https://physionet.org/files/ptb-xl/1.0.3/"
SUMS = "SHA256SUMS.txt"
FOLDS = (1, 9, 10)
"""The folds that a run needs: fold 10 to test, 9 to validate, 1 to calibrate int8."""
TRIES = 5
TIMEOUT_S = 30
CHUNK = 1 << 12
"""Bytes that a broken connection costs at most; a 100 Hz record has only 24,000."""


@dataclass(frozen=True)
class Fetched:
    """The result of a download."""

    directory: Path
    records: int
    downloaded: int
    """Files that were not there, or not whole."""


def fetch(
    directory: Path,
    folds: Iterable[int] = FOLDS,
    rate_hz: int = 100,
    url: str = URL,
    workers: int = 8,
    progress: Progress | None = None,
) -> Fetched:
    """Fill `directory` with the records of these folds (1 to 10) at one rate (100 or 500 Hz), and the two tables.

    Complete files are not downloaded again, and an incomplete one continues where it ended. Raises DataError
    for a fold or rate that does not exist, DownloadError where a file cannot be fetched as published.
    """
    wanted = sorted(set(folds))
    if not wanted or wanted[0] < 1 or wanted[-1] > 10:
        raise DataError(f"folds {', '.join(map(str, wanted)) or '(none)'}: PTB-XL has folds 1 to 10")
    if rate_hz not in RATES:
        raise DataError(f"PTB-XL has no {rate_hz} Hz records; choose {' or '.join(map(str, RATES))}")
    if directory.exists() and not directory.is_dir():
        raise DataError(f"{directory}: a file, not a folder; name the folder to fill")
    with Downloader(url, directory) as downloader:
        sums = downloader.sums()
        changed = sum(downloader.get(name, sums) for name in (DATABASE, STATEMENTS))
        index = read_index(directory)
        records = [f for f, fold in zip(index.files[rate_hz], index.folds, strict=True) if fold in wanted]
        names = [f"{record}{suffix}" for record in records for suffix in (".hea", ".dat")]
        with ThreadPoolExecutor(workers) as pool:
            waiting = [pool.submit(downloader.get, name, sums) for name in names]
            try:
                for done, future in enumerate(as_completed(waiting), 1):
                    changed += future.result()
                    if progress:
                        progress(done, len(names))
            except BaseException:
                downloader.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return Fetched(directory, len(records), changed)


class Downloader:
    """Connections to one server, one a thread."""

    def __init__(self, url: str, directory: Path) -> None:
        self._url, self._directory = url.rstrip("/") + "/", directory
        self._local, self._stopped = threading.local(), threading.Event()
        self._sessions: list[requests.Session] = []

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions:
            session.close()

    def stop(self) -> None:
        """Ask the running downloads to end."""
        self._stopped.set()

    def sums(self) -> dict[str, str]:
        """The published SHA-256 of each file, by its path."""
        text = self._text(SUMS)
        found = {}
        for line in text.splitlines():
            digest, _, name = line.strip().partition(" ")
            if len(digest) == 64 and name.strip():
                found[name.strip().removeprefix("*").removeprefix("./")] = digest.lower()
        if DATABASE not in found:
            raise DownloadError(f"{self._url}{SUMS}: does not list {DATABASE}; is this PTB-XL's address?")
        write_text(self._directory / SUMS, text)
        return found

    def get(self, name: str, sums: dict[str, str]) -> bool:
        """Complete one file; True if it was downloaded. Raises DownloadError, DiskFull."""
        if name not in sums:
            raise DownloadError(f"{self._url}{SUMS}: does not list {name}")
        path = self._directory / name
        if PurePosixPath(name).is_absolute() or not path.resolve().is_relative_to(self._directory.resolve()):
            raise DownloadError(f"{name}: leads out of {self._directory}")
        if path.is_file() and sha256(path) == sums[name]:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with disk_full_at(path):
            self._retry(name, lambda: self._complete(name, part, sums[name]))
            part.replace(path)
        return True

    def _complete(self, name: str, part: Path, digest: str) -> str:
        """Make one attempt to complete a file; returns the problem, or an empty text."""
        have = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self._session().get(self._url + name, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == 416:  # nothing is left to send: the part is whole, or too long
                pass
            elif response.status_code >= 400:
                return f"HTTP {response.status_code}"
            else:
                with part.open("ab" if response.status_code == 206 else "wb") as stream:
                    for chunk in response.iter_content(CHUNK):
                        if self._stopped.is_set():
                            return "stopped"
                        stream.write(chunk)
        if hashlib.sha256(part.read_bytes()).hexdigest() != digest:
            part.unlink()  # resuming would keep the damage
            return "its SHA-256 is not the published one"
        return ""

    def _text(self, name: str) -> str:
        got: list[str] = []

        def attempt() -> str:
            response = self._session().get(self._url + name, timeout=TIMEOUT_S)
            if response.status_code >= 400:
                return f"HTTP {response.status_code}"
            got.append(response.text)
            return ""

        self._retry(name, attempt)
        return got[-1]

    def _retry(self, name: str, attempt: Callable[[], str]) -> None:
        self._session()  # raises MissingPackage where requests is not installed
        import requests

        problem = ""
        for number in range(TRIES):
            if number and self._stopped.wait(0.2 * 2**number):
                break
            try:
                problem = attempt()
            except ValueError:  # requests raises one too for a malformed address
                raise DownloadError(f"{self._url}: not an address; it begins with https:// or http://") from None
            except requests.RequestException as error:
                problem = _in_words(error)
            if not problem:
                return
            if problem in ("HTTP 403", "HTTP 404"):
                break
        tried = f" (tried {number + 1} times)" if number else ""
        raise DownloadError(f"{self._url}{name}: {problem}{tried}; run the same command to go on")

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            try:
                import requests
            except ModuleNotFoundError:
                raise MissingPackage("requests", "data", "fetching data") from None
            self._local.session = requests.Session()
            self._sessions.append(self._local.session)
        session: requests.Session = self._local.session
        return session


def _in_words(error: requests.RequestException) -> str:
    """The failure of a connection in plain words; the library's own text names objects and memory addresses."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate could not be checked"
    if isinstance(error, requests.exceptions.ProxyError):
        return "no connection through the proxy"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {TIMEOUT_S} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.exceptions.ConnectionError):
        reason = _reason(error)
        return "no connection to the server" + (f" ({reason})" if reason else "")
    return f"the request failed ({type(error).__name__})"


def _reason(error: BaseException) -> str:
    """The system's message, such as `Connection refused`, from the error that began it; empty where none is."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        inner = [a for a in seen.args if isinstance(a, BaseException)]
        seen = seen.__cause__ or seen.__context__ or (inner[0] if inner else None)
    return ""
