"""Atomic writes, which leave the old file or the new one; hashes; the folder of caches."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from edgebench.core.errors import DiskFull
from edgebench.core.left_over import PART as PART
from edgebench.core.left_over import locked, unfinished

FULL = (errno.ENOSPC, errno.EDQUOT)
SCRATCH = "edgebench-"
"""Beginning of the names of temporary folders."""
TAIL_BYTES = 1 << 16
"""Read at once when the end of a file is looked for."""
SPARE_BYTES = 32 * 2**20
"""With fewer free bytes than this, a library's failure to write a model counts as a full disk."""


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def deflated_size(path: Path) -> int:
    """Bytes of the file inside a zip archive (deflate, level 6)."""
    packer, size = zlib.compressobj(6), 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            size += len(packer.compress(part))
    return size + len(packer.flush())


def sha256_of(*texts: str) -> str:
    """SHA-256 of texts, in hexadecimal."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a whole file at once. Raises DiskFull, and then the old file is still there."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file at once. Raises DiskFull, and then the old file is still there."""
    with replacing(path) as part:
        part.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` when the block succeeds, and is removed otherwise."""
    with _part(path) as part:
        try:
            with disk_full_at(path):
                yield part
                part.chmod(0o644)
                with locked(part):
                    sync(part)  # a journal must not name a file that a power cut then leaves empty
                    part.replace(path)
                sync(path.parent)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` for a new folder; it replaces `path` when the block succeeds.

    Raises DiskFull.
    """
    with _part(path, folder=True) as scratch:
        try:
            with disk_full_at(path):
                yield scratch / "new"
                sync_all(scratch / "new")
                if path.exists():
                    path.rename(scratch / "old")
                (scratch / "new").rename(path)
                sync(path.parent)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _part(path: Path, folder: bool = False) -> Iterator[Path]:
    with ExitStack() as held:
        with disk_full_at(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = held.enter_context(unfinished(path, folder))
        yield part


def sync(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk before this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that cannot sync a folder
            raise
    finally:
        os.close(handle)


def sync_all(folder: Path) -> None:
    """`sync` a folder and all files and folders below it."""
    for path in (*folder.rglob("*"), folder):
        if not path.is_symlink():
            sync(path)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes left of `replacing` below a folder; nobody else may be writing there."""
    for path in list(folder.rglob(f".*{PART}*")):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def append_line(path: Path, line: str) -> None:
    """Append one line and sync it to the disk before returning; a failed write leaves the file unchanged.

    A last line that a crash cut off is removed first. Raises DiskFull.
    """
    data = line.encode() + b"\n"
    with disk_full_at(path), path.open("a+b", buffering=0) as stream:
        whole = _whole_lines(stream)
        stream.truncate(whole)
        try:
            if (stream.write(data) or 0) < len(data):
                raise OSError(errno.ENOSPC, "short write")
            os.fsync(stream.fileno())
            if not whole:
                sync(path.parent)  # the file may be new
        except OSError:
            stream.truncate(whole)
            raise


def _whole_lines(stream: IO[bytes]) -> int:
    """Bytes of a file up to the end of its last whole line; a file of any size is read from its end."""
    end = stream.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - TAIL_BYTES)
        stream.seek(start)
        if found := stream.read(end - start).rfind(b"\n") + 1:
            return start + found
        end = start
    return 0


def read_lines(path: Path) -> list[str]:
    """The whole lines of a file; a last line that a crash cut off is left out. Empty if there is no file."""
    if not path.exists():
        return []
    data = path.read_bytes()
    # Not splitlines: JSON may hold line separators of Unicode, which end no line of the file.
    return data.decode(errors="replace").split("\n")[:-1]


def require_space(folder: Path) -> None:
    """Raise DiskFull if a failure to write into `folder` most likely came from a full disk, there or of `/tmp`.

    Native libraries report a full disk in errors of their own, or abort; only the free space shows the cause.
    """
    full = _fullest(folder)
    if shutil.disk_usage(_existing(full)).free < SPARE_BYTES:
        raise DiskFull(_no_space(full))


@contextmanager
def disk_full_at(path: Path) -> Iterator[None]:
    """Turn the system's "no space left" into DiskFull with the place."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(disk_full(error, path.parent)) from error
        raise


def disk_full(error: OSError, folder: Path) -> str:
    """Which file system is full, in words: that of the file that the error names, else of `folder` or of `/tmp`."""
    named = error.filename if isinstance(error.filename, str) else ""
    if named and _device(Path(named)) != _device(folder):
        return _no_space(_temporary() if _device(Path(named)) == _device(_temporary()) else Path(named).parent)
    return _no_space(folder if named else _fullest(folder))


def explained(error: OSError) -> str:
    """An error of the system in one line."""
    if error.errno in FULL:
        return disk_full(error, Path.cwd())
    return f"{error.filename or 'the system'}: {error.strerror or error}"


def _no_space(folder: Path) -> str:
    """The line on a full disk, with the folder as the user knows it and the file system that holds it."""
    home = _existing(folder)
    mount = next((p for p in (home, *home.parents) if p.is_mount()), home)
    temporary = _temporary()
    within = folder.relative_to(temporary).parts if folder.is_relative_to(temporary) else ("",)
    if not within or within[0].startswith((tempfile.gettempprefix(), SCRATCH, f".{SCRATCH}")):
        return f"no space left for temporary files in {temporary} (file system {mount}): free some, or set TMPDIR"
    return f"no space left for {folder} (file system {mount}): free some, then go on"


def _fullest(folder: Path) -> Path:
    """The folder, or that of temporary files where its file system is another one with less space."""
    free = {path: shutil.disk_usage(_existing(path)).free for path in (folder, _temporary())}
    return folder if _device(folder) == _device(_temporary()) else min(free, key=lambda path: free[path])


def _temporary() -> Path:
    """The folder of temporary files; where Python finds none to write to, the one that it tries first."""
    try:
        found = Path(tempfile.gettempdir())
        return found.parent if found.name.startswith(SCRATCH) else found  # a child has a folder of its own there
    except FileNotFoundError:
        return Path(os.environ.get("TMPDIR") or "/tmp")


def _existing(path: Path) -> Path:
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())


def _device(path: Path) -> int:
    return _existing(path).stat().st_dev


def cache_dir() -> Path:
    """The folder of parsed data: EDGEBENCH_CACHE, else the user's cache folder (XDG)."""
    chosen = os.environ.get("EDGEBENCH_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgebench"


def safe_name(text: str) -> str:
    """The text as a file name: anything but letters, digits, '_', '.' and '-' becomes '_'."""
    return re.sub(r"[^\w.-]", "_", text)


def safe(name: str) -> str:
    """A model's or variant's name as a file name; a path to a manifest gives the manifest's name."""
    return (Path(name).stem if name.endswith(".json") else name).replace("/", "_").replace(":", "_")
