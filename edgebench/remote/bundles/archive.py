"""Zip archives whose bytes depend on their content alone: sorted names, one date, one mode."""

from __future__ import annotations

import io
import shutil
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

DATE = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive in memory."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            add(archive, name, files[name])
    return target.getvalue()


def add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    """Add one entry, deflated; a file is copied in pieces."""
    info = zipfile.ZipInfo(name, DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix on every system: the mode below is Unix's
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    if isinstance(content, bytes):
        archive.writestr(info, content)
        return
    info.file_size = content.stat().st_size
    with content.open("rb") as source, archive.open(info, "w") as out:
        shutil.copyfileobj(source, out, 1 << 20)
