"""Unpacks chosen files of a tar archive, and nothing else: no path of the archive decides where a file goes."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from edgebench.core.errors import DataError, EdgeBenchError
from edgebench.core.files import disk_full_at, replacing

MEMBERS = 10_000
"""Entries of an archive that are looked at."""


def unpack_tar_gz(archive: Path, files: Mapping[str, Path], most: int) -> None:
    """Write each member that `files` names to its path, at most `most` bytes each; raises DataError, DiskFull.

    Only regular files are taken; links, devices and all other members are passed over.
    """
    left = dict(files)
    try:
        with tarfile.open(archive, "r|gz") as stream:  # a stream: never read twice, whatever the offsets say
            for number, member in enumerate(stream):
                if number >= MEMBERS or not left:
                    break
                path = left.get(member.name)
                if path is None or not member.isreg():
                    continue
                if member.size > most:
                    raise DataError(f"{archive}: {member.name} has {member.size / 1e6:.0f} MB, more than published")
                source = stream.extractfile(member)
                assert source is not None
                with replacing(path) as part, disk_full_at(path), part.open("wb") as target:
                    shutil.copyfileobj(source, target)
                del left[member.name]
    except EdgeBenchError:
        raise
    except Exception as error:  # tarfile and zlib raise many kinds for a damaged archive
        reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        raise DataError(f"{archive}: cannot be unpacked ({reason}); delete it and fetch it again") from None
    if left:
        raise DataError(f"{archive}: does not hold {next(iter(left))}")
