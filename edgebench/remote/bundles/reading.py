"""Opens a bundle: everything is compared with the list of SHA-256 before anything of it is used.

Standard library only. Unpacked files stay in the cache, so that a run that a power cut ended finds them again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgebench.core.errors import BundleError, DiskFull
from edgebench.core.files import cache_dir, replacing_folder
from edgebench.core.validation import validated
from edgebench.remote.bundles.layout import (
    FORMAT,
    LISTING,
    MOST_BYTES,
    MOST_FILES,
    MOST_LISTING_BYTES,
    Listing,
    check_names,
)

KINDS = {0: "", stat.S_IFREG: "", stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder of its own"}
PIECE = 1 << 20
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip
"""What zipfile raises for a damaged archive."""


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: a folder whose files are those of the listing."""

    folder: Path
    listing: Listing


def is_bundle(path: Path) -> bool:
    """Whether a path looks like a bundle rather than like artifacts; the bundle may still be damaged."""
    if path.is_dir():
        return (path / LISTING).is_file()
    return path.is_file() and (path.suffix in (".bundle", ".zip") or _holds_listing(path))


def opened(path: Path) -> Bundle:
    """Verify a bundle and return its folder; an archive is unpacked into the cache, once.

    Raises BundleError with the reason, before anything of the bundle is loaded, and DiskFull.
    """
    if path.is_dir():
        return Bundle(path, _verified_folder(path, str(path)))
    with _archive(path) as archive:
        entries = _entries(archive, path)
        text = _read(archive, entries[LISTING], MOST_LISTING_BYTES, path)
        listing = _listing(text, str(path))
        _compare(set(entries), listing, str(path))
        for name, info in entries.items():
            if name != LISTING and info.file_size != listing.files[name].size:
                raise BundleError(
                    f"{path}: refused: {name} unpacks to {info.file_size} bytes, not to {listing.files[name].size}"
                )
        folder = cache_dir() / "bundles" / hashlib.sha256(text).hexdigest()[:24]
        if _is_whole(folder):
            for name, info in entries.items():
                if name != LISTING:
                    _check(archive, info, listing.files[name].sha256, path)
            return Bundle(folder, listing)
        _require_space(folder, sum(entry.size for entry in listing.files.values()))
        with replacing_folder(folder) as new:
            for name, info in entries.items():
                target = new / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if name == LISTING:
                    target.write_bytes(text)
                else:
                    _unpack(archive, info, listing.files[name].sha256, target, path)
    return Bundle(folder, listing)


def _holds_listing(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return LISTING in archive.namelist()
    except (*UNREADABLE, OSError):
        return False


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    if not path.is_file():
        raise BundleError(f"{path}: no such bundle")
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"PK\x03\x04":
                raise BundleError(f"{path}: refused: not a bundle (it does not begin as a zip archive does)")
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (*UNREADABLE, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # that one is a place before the file's start
            raise
        reason = str(error) or type(error).__name__
        raise BundleError(f"{path}: refused: cut off or damaged as an archive ({reason})") from None


def _entries(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The archive's entries by name, all of them plain files that stay inside; raises BundleError."""
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise BundleError(f"{path}: refused: {len(infos)} entries, more than any bundle has")
    if archive.comment:
        raise BundleError(f"{path}: refused: it has a comment, which no bundle has")
    check_names((info.orig_filename for info in infos), str(path))
    for info in infos:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if what := KINDS.get(kind, "neither a file nor a folder"):
            raise BundleError(f"{path}: refused: the entry {info.filename!r} is {what}")
        if info.flag_bits & 1:
            raise BundleError(f"{path}: refused: the entry {info.filename!r} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{path}: refused: the entry {info.filename!r} is packed in an unknown way")
    total = sum(info.file_size for info in infos)
    if total > MOST_BYTES:
        raise BundleError(f"{path}: refused: it would unpack to {total / 1e9:.1f} GB")
    found = {info.filename: info for info in infos}
    if LISTING not in found:
        raise BundleError(f"{path}: refused: not a bundle (it has no {LISTING})")
    return found


def _listing(text: bytes, where: str) -> Listing:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BundleError(f"{where}: refused: its {LISTING} is not JSON") from None
    if isinstance(data, dict) and data.get("format") != FORMAT:
        version = str(data.get("edgebench", "?"))[:40]
        raise BundleError(
            f"{where}: refused: a bundle of format {data.get('format')!r:.20} (EdgeBench {version}); "
            f"this EdgeBench reads format {FORMAT}"
        )
    listing = validated(Listing, data, f"{where}: refused: its {LISTING}", BundleError)
    check_names([LISTING, *listing.files], where)
    if sum(entry.size for entry in listing.files.values()) > MOST_BYTES:
        raise BundleError(f"{where}: refused: it claims to unpack to more than {MOST_BYTES / 1e9:.1f} GB")
    inside = [*listing.artifacts, listing.device, *listing.plugins, *(t for t in listing.targets if t != "host")]
    for name in (*inside, *([listing.records] if listing.records else [])):
        if name not in listing.files:
            raise BundleError(f"{where}: refused: its {LISTING} refers to {name!r}, which it does not list")
    return listing


def _compare(names: set[str], listing: Listing, where: str) -> None:
    listed = {LISTING, *listing.files}
    if lost := sorted(listed - names):
        raise BundleError(f"{where}: refused: {lost[0]} is missing" + _more(lost))
    if extra := sorted(names - listed):
        raise BundleError(f"{where}: refused: {extra[0]} is not in its list of files" + _more(extra))


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, path: Path) -> bytes:
    with archive.open(info) as stream:
        text = stream.read(most + 1)
    if len(text) > most:
        raise BundleError(f"{path}: refused: {info.filename} is larger than any bundle's")
    return text


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, sha256: str, target: Path, path: Path) -> None:
    with target.open("xb") as out:
        _check(archive, info, sha256, path, out.write)


def _check(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, sha256: str, path: Path,
    write: Callable[[bytes], object] = lambda _: None,
) -> None:  # fmt: skip
    """Read one entry, no more of it than its size, and compare its hash; raises BundleError."""
    with archive.open(info) as source:
        size, digest = _copy(source, write, info.file_size)
    if size != info.file_size:
        raise BundleError(f"{path}: refused: {info.filename} does not have the size that it claims")
    if digest != sha256:
        raise BundleError(f"{path}: refused: {info.filename} is damaged (its SHA-256 is not the listed one)")


def _is_whole(folder: Path) -> bool:
    """Whether the files that were unpacked before exist undamaged."""
    try:
        _verified_folder(folder, str(folder))
    except BundleError:
        return False
    return True


def _copy(source: IO[bytes], write: Callable[[bytes], object], most: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while size <= most and (piece := source.read(min(PIECE, most + 1 - size))):
        size += len(piece)
        digest.update(piece)
        write(piece)
    return size, digest.hexdigest()


def _verified_folder(folder: Path, where: str) -> Listing:
    """The listing of a folder that is a bundle; raises BundleError."""
    if not (folder / LISTING).is_file() or (folder / LISTING).is_symlink():
        raise BundleError(f"{where}: not a bundle (no {LISTING})")
    if (folder / LISTING).stat().st_size > MOST_LISTING_BYTES:
        raise BundleError(f"{where}: refused: its {LISTING} is larger than any bundle's")
    listing = _listing((folder / LISTING).read_bytes(), where)
    _compare(set(_files_of(folder, where)), listing, where)
    for name, entry in listing.files.items():
        size = (folder / name).stat().st_size
        if size != entry.size:
            raise BundleError(f"{where}: refused: {name} has {size} bytes, not {entry.size}")
        with (folder / name).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != entry.sha256:
                raise BundleError(f"{where}: refused: {name} is damaged (its SHA-256 is not the listed one)")
    return listing


def _files_of(folder: Path, where: str, inside: str = "") -> Iterator[str]:
    with os.scandir(folder) as found:
        for entry in sorted(found, key=lambda e: e.name):
            name = inside + entry.name
            if entry.is_symlink():
                raise BundleError(f"{where}: refused: {name} is a link")
            if entry.is_dir(follow_symlinks=False):
                yield from _files_of(Path(entry.path), where, f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                raise BundleError(f"{where}: refused: {name} is neither a file nor a folder")


def _require_space(folder: Path, size: int) -> None:
    home = next(p for p in folder.absolute().parents if p.exists())
    if shutil.disk_usage(home).free < size:
        raise DiskFull(f"no space left in {home} to unpack {size / 1e6:.0f} MB: free some, then go on")
