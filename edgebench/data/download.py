"""Downloads one published file: resumable, bounded by its published size, checked by its published hash."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, DownloadError, MissingPackage
from edgebench.core.files import disk_full_at

if TYPE_CHECKING:
    import requests

TRIES = 5
TIMEOUT_S = 30
PAUSE_S = 0.4
CHUNK = 1 << 16


@dataclass(frozen=True)
class Published:
    """A file as its publisher describes it."""

    name: str
    md5: str
    most: int
    """Bytes that it has at most; a server that sends more is not believed."""


def download(url: str, file: Published, directory: Path, progress: Progress | None = None) -> bool:
    """Complete `directory / file.name` from `url`; True if anything was downloaded.

    What a broken connection left is continued by the next call. `progress` is called with bytes. Raises DataError,
    DownloadError, DiskFull, MissingPackage.
    """
    if directory.exists() and not directory.is_dir():
        raise DataError(f"{directory}: a file, not a folder; name the folder to fill")
    path = directory / file.name
    if path.is_file() and md5(path) == file.md5:
        return False
    part = path.with_name(f"{path.name}.part")
    with disk_full_at(path):
        directory.mkdir(parents=True, exist_ok=True)
        _retry(url, lambda session: _attempt(session, url, file, part, progress))
        part.replace(path)
    return True


def md5(path: Path) -> str:
    """MD5 of a file, in hexadecimal: what these publishers give, against damage and not against an attacker."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _attempt(session: requests.Session, url: str, file: Published, part: Path, progress: Progress | None) -> str:
    """One try; returns the problem, or an empty text."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        if response.status_code >= 400 and response.status_code != 416:
            return f"HTTP {response.status_code}"
        if response.status_code != 416:  # 416: nothing is left to send, so the part is whole, or too long
            have = have if response.status_code == 206 else 0
            total = have + _length(response)
            with part.open("ab" if have else "wb") as stream:
                for chunk in response.iter_content(CHUNK):
                    have += len(chunk)
                    if have > file.most:
                        break
                    stream.write(chunk)
                    if progress:
                        progress(have, max(total, have))
    if have > file.most:
        part.unlink()
        return f"more than {file.most / 1e6:.0f} MB, which the published file does not have"
    if md5(part) != file.md5:
        part.unlink()  # resuming would keep the damage
        return "its MD5 is not the published one"
    return ""


def _length(response: requests.Response) -> int:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _retry(url: str, attempt: Callable[[requests.Session], str]) -> None:
    try:
        import requests
    except ModuleNotFoundError:
        raise MissingPackage("requests", "data", "fetching data") from None
    problem, number = "", 0
    with requests.Session() as session:
        for number in range(1, TRIES + 1):
            try:
                problem = attempt(session)
            except requests.RequestException as error:
                problem = _in_words(error)
            if not problem:
                return
            if problem in ("HTTP 403", "HTTP 404") or problem.startswith("more than"):
                break
            if number < TRIES:
                time.sleep(PAUSE_S * 2**number)
    tried = f" (tried {number} times)" if number > 1 else ""
    raise DownloadError(f"{url}: {problem}{tried}; run the same command to go on")


def _in_words(error: requests.RequestException) -> str:
    """The failure of a connection in plain words; the library's own text names objects and memory addresses."""
    import requests

    for kind, words in (
        (requests.exceptions.SSLError, "the server's certificate could not be checked"),
        (requests.exceptions.ProxyError, "no connection through the proxy"),
        (requests.exceptions.Timeout, f"no answer within {TIMEOUT_S} s"),
        (requests.exceptions.ChunkedEncodingError, "the connection broke off"),
        (requests.exceptions.ConnectionError, "no connection to the server"),
    ):
        if isinstance(error, kind):
            return words
    return f"the request failed ({type(error).__name__})"
