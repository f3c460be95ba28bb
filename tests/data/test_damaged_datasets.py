"""Damaged copies of every file that the new datasets read: no uncaught exception, nothing slow."""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import mutations
import numpy as np
import pytest
from small_datasets import cifar_batch, idx, make_echonet, make_tar, ramp, write_image

from edgebench.core.datasets import DataRequest
from edgebench.core.errors import EdgeBenchError
from edgebench.data import record_cache
from edgebench.data.archives import unpack_tar_gz
from edgebench.data.cifar10 import batches
from edgebench.data.decode_worker import decode_image, decode_video, size_of
from edgebench.data.demos.dataset import DIGITS
from edgebench.data.echonet import file_list
from edgebench.data.echonet.dataset import DATASET as ECHONET
from edgebench.data.echonet.synthetic import write_video
from edgebench.data.mnist import idx as idx_files
from edgebench.data.own_arrays.array_files import sources
from edgebench.data.own_arrays.target_kinds import targets_of

COUNT = 500
pytestmark = pytest.mark.slow


def reading(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of a file as one of its content."""

    def of_content(content: bytes) -> object:
        path.write_bytes(content)
        return read(path)

    return of_content


def test_batches_of_cifar10(tmp_path: Path) -> None:
    for protocol in (2, 4):
        content = cifar_batch(4, protocol=protocol)
        mutations.hold(reading(tmp_path / "test_batch", batches.read), mutations.of_bytes(content, COUNT // 2))
    small = pickle.dumps({b"label_names": [n.encode() for n in batches.CLASSES]}, protocol=2)
    path = tmp_path / batches.META
    taken, refused = mutations.hold(
        reading(path, lambda _: batches.check_classes(tmp_path)), mutations.of_bytes(small, COUNT)
    )
    assert refused > COUNT / 2 and taken + refused == COUNT


def test_idx_files(tmp_path: Path) -> None:
    import gzip

    content = idx(np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28))
    mutations.hold(reading(tmp_path / "a", lambda p: idx_files.read(p, 3)), mutations.of_bytes(content, COUNT))
    mutations.hold(
        reading(tmp_path / "a.gz", lambda p: idx_files.read(p, 3)), mutations.of_bytes(gzip.compress(content), COUNT)
    )


def test_the_table_of_echonet(tmp_path: Path) -> None:
    folder = make_echonet(tmp_path / "echo", [{"video": False, "Split": s} for s in ("TRAIN", "VAL", "TEST")])
    content = (folder / file_list.TABLE).read_bytes()

    def read(_: Path) -> None:
        with contextlib.suppress(EdgeBenchError):
            ECHONET.info(folder)
        ECHONET.load(DataRequest("train", folder, skip_bad_records=True))

    mutations.hold(reading(folder / file_list.TABLE, read), mutations.of_bytes(content, COUNT))


def test_videos(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    write_video(path, ramp(6, 48), 30)
    read = reading(path, lambda p: decode_video(p, (3, 3, 16, 16)))
    mutations.hold(read, mutations.of_bytes(path.read_bytes(), COUNT))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.*", "ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "webp", "tif", "ppm"])
def test_images(suffix: str, tmp_path: Path) -> None:
    path = write_image(tmp_path / f"a.{suffix}", size=(24, 32))

    def read(file: Path) -> None:
        with contextlib.suppress(EdgeBenchError):
            size_of(file)
        decode_image(file, (3, 16, 16), "crop")

    mutations.hold(reading(path, read), mutations.of_bytes(path.read_bytes(), COUNT))


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_arrays(suffix: str, tmp_path: Path) -> None:
    stream, scratch = io.BytesIO(), tmp_path / "scratch"
    scratch.mkdir()
    if suffix == "npy":
        np.save(stream, np.arange(12))
    else:
        np.savez_compressed(stream, x=np.arange(12.0).reshape(4, 3), y=np.arange(4))

    def read(file: Path) -> None:
        for source in sources([file]).values():
            targets_of(source.label, source.open(scratch))

    mutations.hold(reading(tmp_path / f"x.{suffix}", read), mutations.of_bytes(stream.getvalue(), COUNT))


def test_archives(tmp_path: Path) -> None:
    content = make_tar(tmp_path / "a.tgz", ("in/a", b"x" * 600), ("b", b"y")).read_bytes()
    read = reading(tmp_path / "a.tgz", lambda p: unpack_tar_gz(p, {"in/a": tmp_path / "home" / "a"}, 10**4))
    mutations.hold(read, mutations.of_bytes(content, COUNT))
    assert {path.name for path in tmp_path.iterdir()} <= {"a.tgz", "home"}


def test_entries_of_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that another program has changed and listed again."""
    import json

    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    whole = DIGITS.load(DataRequest("validation", limit=20))
    folder = whole.inputs[0].path.parent
    for file in ("about.json", "ids.npy", "targets.npy", "input.npy"):
        content = (folder / file).read_bytes()
        mutations.hold(
            reading(folder / file, lambda _: record_cache._opened(folder)), mutations.of_bytes(content, COUNT)
        )
        (folder / file).write_bytes(content)
    read = reading(folder / "about.json", lambda _: record_cache._opened(folder))
    values = mutations.of_json(json.loads((folder / "about.json").read_text()), COUNT)
    mutations.hold(lambda value: read(mutations.json_bytes(value)), values)
