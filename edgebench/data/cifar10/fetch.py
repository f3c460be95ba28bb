"""Downloads CIFAR-10's published archive and unpacks its batches."""

from __future__ import annotations

from pathlib import Path

from edgebench.core.contracts import Progress
from edgebench.data.archives import unpack_tar_gz
from edgebench.data.cifar10.batches import FOLDER, LARGEST, META, TEST, TRAIN
from edgebench.data.download import Published, download

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
ARCHIVE = Published("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 200 * 10**6)


def fetch(directory: Path, url: str = URL, archive: Published = ARCHIVE, progress: Progress | None = None) -> int:
    """Fill `directory` with the archive and `cifar-10-batches-py`; returns how many files were downloaded.

    A whole archive is not downloaded again. Raises DataError, DownloadError, DiskFull.
    """
    names = (*TRAIN, *TEST, META)
    changed = download(url, archive, directory, progress)
    files = {f"{FOLDER}/{name}": directory / FOLDER / name for name in names}
    if changed or not all(path.is_file() for path in files.values()):
        unpack_tar_gz(directory / archive.name, files, LARGEST)
    return int(changed)
