"""Tiny copies of datasets in their published layouts, with real files."""

from __future__ import annotations

import csv
import gzip
import io
import pickle
import struct
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.data.echonet.synthetic import write_video

CIFAR_FILES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
COLUMNS = ("FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split")


def make_cifar10(folder: Path, images: int = 40) -> Path:
    """CIFAR-10's python batches with so many images each, as Python 3 pickles them by protocol 2."""
    home = folder / "cifar-10-batches-py"
    home.mkdir(parents=True)
    for number, name in enumerate(CIFAR_FILES):
        (home / name).write_bytes(cifar_batch(images, number))
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (home / "batches.meta").write_bytes(pickle.dumps({b"label_names": [n.encode() for n in names]}, protocol=2))
    return folder


def cifar_batch(images: int = 40, seed: int = 0, labels: Sequence[object] | None = None, protocol: int = 2) -> bytes:
    rng = np.random.default_rng(seed)
    content = {
        b"batch_label": b"one of six",
        b"labels": list(labels) if labels is not None else [i % 10 for i in range(images)],
        b"data": rng.integers(0, 256, (images, 3072), np.uint8),
        b"filenames": [f"x_{i:06d}.png".encode() for i in range(images)],
    }
    return pickle.dumps(content, protocol=protocol)


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def make_mnist(folder: Path, train: int = 60, test: int = 20, packed: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for name, count in (("train", train), ("t10k", test)):
        files = {
            f"{name}-images-idx3-ubyte": idx(rng.integers(0, 256, (count, 28, 28), np.uint8)),
            f"{name}-labels-idx1-ubyte": idx((np.arange(count) % 10).astype(np.uint8)),
        }
        for file, content in files.items():
            (folder / (f"{file}.gz" if packed else file)).write_bytes(gzip.compress(content) if packed else content)
    return folder


def make_echonet(folder: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """EchoNet's layout with a short video of grey frames for each row whose `video` is not False."""
    (folder / "Videos").mkdir(parents=True)
    with (folder / "FileList.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS, extrasaction="ignore")
        table.writeheader()
        for number, row in enumerate(rows):
            full = {
                "FileName": f"0X{number:04d}", "EF": 40.5 + number, "ESV": 60, "EDV": 120, "FrameHeight": 112,
                "FrameWidth": 112, "FPS": 50, "NumberOfFrames": 12, "Split": "TEST", **row,
            }  # fmt: skip
            table.writerow(full)
            if row.get("video", True):
                write_video(folder / "Videos" / f"{full['FileName']}.avi", ramp(12), 50)
    return folder


def ramp(frames: int, side: int = 112) -> NDArray[np.uint8]:
    """Flat grey frames, each 20 brighter than the one before."""
    values = (20 * np.arange(frames)).astype(np.uint8)
    return np.broadcast_to(values[:, None, None], (frames, side, side)).copy()


def write_image(path: Path, size: tuple[int, int] = (10, 12), value: int = 100, mode: str = "RGB") -> Path:
    """A flat image of rows x columns."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    colour: int | tuple[int, ...] = value if mode in ("L", "I;16") else (value, value // 2, 0)
    Image.new(mode, (size[1], size[0]), colour).save(path)
    return path


def make_tar(path: Path, *members: tuple[str, bytes | str]) -> Path:
    """Members of bytes are files, those of text are symbolic links."""
    with tarfile.open(path, "w:gz") as stream:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                stream.addfile(member)
            else:
                member.size = len(content)
                stream.addfile(member, io.BytesIO(content))
    return path
