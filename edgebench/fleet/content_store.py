"""The contents that a worker's machine keeps, by SHA-256: each travels there once, and the oldest go at a limit."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgebench.core.errors import BundleError
from edgebench.core.files import sha256
from edgebench.remote.bundles.layout import MOST_BYTES, Entry, check_names

CACHE_BYTES = 8 * 2**30
"""What a machine keeps, by default."""


class ContentStore:
    """Files named by their hashes."""

    def __init__(self, folder: Path, most_bytes: int = CACHE_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._sound: dict[str, tuple[int, int]] = {}
        """Size and time of the files whose hash was compared."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def missing(self, entries: Iterable[Entry]) -> list[str]:
        """SHA-256 of the contents that are not here; a damaged file counts as missing."""
        return list(dict.fromkeys(one.sha256 for one in entries if not self._is_here(one)))

    def put(self, entry: Entry, offset: int, data: bytes) -> bool:
        """Store a piece; whether the file is here now. One whose hash is another is thrown away."""
        if not _is_hash(entry.sha256) or not 0 <= offset <= offset + len(data) <= entry.size <= MOST_BYTES:
            return False
        part = self._folder / f"{entry.sha256}.{os.getpid()}.part"
        with part.open("r+b" if offset else "wb") as stream:
            stream.seek(offset)
            stream.write(data)
            stream.truncate()
        if offset + len(data) < entry.size:
            return False
        if part.stat().st_size == entry.size and sha256(part) == entry.sha256:
            part.replace(self._folder / entry.sha256)
            return True
        part.unlink()
        return False

    def lay_out(self, files: Mapping[str, Entry], folder: Path) -> None:
        """Make a new folder of these files; raises FileNotFoundError where one is not here, BundleError for names."""
        check_names(files, "the request")
        if sum(one.size for one in files.values()) > MOST_BYTES:
            raise BundleError("the request has more bytes than any bundle")
        shutil.rmtree(folder, ignore_errors=True)
        for name, one in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._folder / one.sha256, folder / name)
            os.utime(self._folder / one.sha256)
            self._remember(one.sha256)

    def trim(self) -> None:
        """Remove what was not used for longest until the rest is within the limit."""
        found = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.iterdir())
        total = sum(size for _, size, _ in found)
        for _, size, path in found:
            if total <= self._most_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size

    def _is_here(self, entry: Entry) -> bool:
        path = self._folder / entry.sha256
        if not _is_hash(entry.sha256) or not path.is_file() or path.stat().st_size != entry.size:
            return False
        if self._sound.get(entry.sha256) != _state(path):
            if sha256(path) != entry.sha256:
                return False
            self._remember(entry.sha256)
        return True

    def _remember(self, name: str) -> None:
        self._sound[name] = _state(self._folder / name)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
