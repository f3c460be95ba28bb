"""Downloads CIFAR-10's published archive and unpacks its batches."""

from __future__ import annotations

from pathlib import Path

from edgebench.core.contracts import Progress
from edgebench.data.archives import unpack_tar_gz
from edgebench.data.cifar10.batches import FOLDER, LARGEST, META, TEST, TRAIN
from edgebench.data.fetching.download import Downloader, Published

URL = "https://www.cs.toronto.edu/~kriz/"
ARCHIVE = Published("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 170_498_071)


def fetch(directory: Path, url: str = URL, archive: Published = ARCHIVE, progress: Progress | None = None) -> int:
    """Fill `directory` with the archive and `cifar-10-batches-py`; returns how many files were downloaded.

    A whole archive is not downloaded again. Raises DataError, DownloadError, DiskFull.
    """
    with Downloader(url, directory, progress) as downloader:
        (changed,) = downloader.get_all([archive])
    files = {f"{FOLDER}/{name}": directory / FOLDER / name for name in (*TRAIN, *TEST, META)}
    if changed or not all(path.is_file() for path in files.values()):
        unpack_tar_gz(directory / archive.name, files, LARGEST)
    return int(changed)
