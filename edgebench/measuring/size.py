"""Size of an artifact on the disk."""

from __future__ import annotations

from pathlib import Path


def file_size_bytes(path: Path) -> int:
    """Bytes of the one file that is deployed."""
    return path.stat().st_size
