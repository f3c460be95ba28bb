"""Bad input of each kind of dataset, as the command line answers it: one line, exit code 2, nothing written."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from helpers import edgebench_here
from small_datasets import cifar_batch, idx, make_cifar10, make_echonet, make_mnist, write_image

from edgebench.data.echonet.synthetic import write_video


def _label_10(folder: Path) -> Path:
    make_cifar10(folder, 4)
    (folder / "cifar-10-batches-py" / "data_batch_1").write_bytes(cifar_batch(2, labels=[0, 10]))
    return folder


def _no_batch(folder: Path) -> Path:
    make_cifar10(folder, 4)
    (folder / "cifar-10-batches-py" / "data_batch_2").unlink()
    return folder


def _digit_12(folder: Path) -> Path:
    make_mnist(folder)
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.full(60, 12, np.uint8))))
    return folder


def _no_digits(folder: Path) -> Path:
    make_mnist(folder)
    (folder / "train-images-idx3-ubyte.gz").unlink()
    return folder


def _no_column(folder: Path) -> Path:
    table = make_echonet(folder, [GONE]) / "FileList.csv"
    table.write_text(table.read_text().replace(",EF,", ",ejection,"))
    return folder


def _no_frames(folder: Path) -> Path:
    make_echonet(folder, [TRAIN, TRAIN])
    with av.open(str(folder / "Videos" / "0X0001.avi"), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=50)
        stream.width, stream.height, stream.pix_fmt = 112, 112, "yuvj420p"
        container.start_encoding()
    return folder


def _broken_video(folder: Path) -> Path:
    make_echonet(folder, [TRAIN])
    path = folder / "Videos" / "0X0000.avi"
    write_video(path, np.zeros((3, 16, 16), np.uint8), 30)
    path.write_bytes(path.read_bytes()[:40])
    return folder


def _pets(folder: Path, **wrong: tuple[int, int]) -> Path:
    for label in ("cat", "dog"):
        for i in range(2):
            write_image(folder / "train" / label / f"{i}.png", wrong.get(f"{label}{i}", (8, 8)))
    return folder


def _broken_image(folder: Path) -> Path:
    (_pets(folder) / "train" / "dog" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def _arrays(**found: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        folder.mkdir()
        np.savez(folder / "mine.npz", **{"x": np.ones((20, 4), np.float32), **found})  # type: ignore[arg-type]
        return folder

    return make


TRAIN = {"Split": "TRAIN"}
GONE = {"video": False, "Split": "TRAIN"}
NAN = np.where(np.arange(20) == 3, np.nan, 1.0)
BAD = {
    "a label outside of the classes": ("cifar10", _label_10, "label 10 is outside of the classes 0 to 9"),
    "a batch that is missing": ("cifar10", _no_batch, "data_batch_2: missing"),
    "a digit outside of the classes": ("mnist", _digit_12, "label 12 is outside of the classes 0 to 9"),
    "a file of digits that is missing": ("mnist", _no_digits, "train-images-idx3-ubyte: missing"),
    "a target column that is missing": ("echonet", _no_column, "no column 'EF'"),
    "a target that is not finite": (
        "echonet", lambda folder: make_echonet(folder, [{"EF": "nan", **GONE}]), "is not a finite number"
    ),
    "a video that is missing": ("echonet", lambda folder: make_echonet(folder, [TRAIN, GONE]), "missing"),
    "a video with no frames": ("echonet", _no_frames, "a video with no frames"),
    "a video that does not decode": ("echonet", _broken_video, "not an AVI video"),
    "images of mixed size": ("image-folder", lambda folder: _pets(folder, dog0=(9, 8)), "9x8 where others have 8x8"),
    "an image that does not decode": ("image-folder", _broken_image, "dog/1.png"),
    "targets that are not finite": (
        "arrays", _arrays(y_train=NAN, x_train=np.ones((20, 4))), "record 3: target is not a finite number"
    ),
    "a label below 0": ("arrays", _arrays(y=np.full(20, -1)), "label -1 is outside of the classes"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_one_line_and_exit_code_2(what: str, tmp_path: Path) -> None:
    dataset, make, said = BAD[what]
    done = edgebench_here(
        "train", "resnet8", "--dataset", dataset, "--data-dir", make(tmp_path / "data"), "--device", "cpu",
        "-o", tmp_path / "models", cwd=tmp_path,
    )  # fmt: skip
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert done.returncode == 2 and len(errors) == 1 and said in errors[0], done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "models").exists()


def test_the_others_are_taken_where_bad_ones_may_be_left_out(tmp_path: Path) -> None:
    """Each is named and counted; four images less one are too few for a batch, which is said after all were read."""
    done = edgebench_here(
        "train", "resnet8", "--dataset", "image-folder", "--data-dir", _broken_image(_splits(tmp_path / "data")),
        "--device", "cpu", "-o", tmp_path / "models", "--skip-bad-records", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2 and "3 training records are fewer than one batch" in done.stderr, done.stderr
    assert "1 bad records left out of the train split; the first: " in done.stderr and "dog/1.png" in done.stderr


def _splits(folder: Path) -> Path:
    for split in ("val", "test"):
        for label in ("cat", "dog"):
            write_image(folder / split / label / "0.png", (8, 8))
    return folder
