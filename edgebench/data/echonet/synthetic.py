"""Writes synthetic echocardiogram videos in EchoNet-Dynamic's exact layout, for machines that have none.

Its ejection fractions are known by construction, and say nothing of patients. A file in the folder says that the
videos are synthetic, and every table that is made of them says so, too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Progress
from edgebench.core.errors import DataError, MissingPackage
from edgebench.core.files import replacing_folder, write_text
from edgebench.data.echonet.heart import SIDE, Floats, Heart, draw_frames, draw_heart, ejection_fraction

MARKER = "SYNTHETIC.txt"
NOTE = "The videos in this folder are synthetic: drawn by EdgeBench from a seed. They show no patient.\n"
COLUMNS = ("FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split")
TRACING = ("FileName", "X1", "Y1", "X2", "Y2", "Frame")
CHORDS = 20
"""Lines across the ventricle in a tracing, below the one along it."""
QUALITY = 3
"""Of the JPEG of each frame: 1 is the best, 31 the worst."""


def generate(
    directory: Path, videos: int = 100, seed: int = 0, frames: tuple[int, int] = (50, 250),
    progress: Progress | None = None,
) -> Path:  # fmt: skip
    """Write a new folder of so many videos, each of so many frames; the same seed gives the same videos.

    Of eight videos, six are TRAIN, one is VAL and one TEST, as in EchoNet-Dynamic. Raises DataError where the folder
    has something in it, MissingPackage, DiskFull.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DataError(f"{directory}: is there already; name a new folder for synthetic videos")
    try:
        import av  # noqa: F401
    except ModuleNotFoundError:
        raise MissingPackage("av", "video", "writing videos") from None
    listed: list[tuple[object, ...]] = []
    traced: list[tuple[object, ...]] = []
    with replacing_folder(directory) as folder:
        (folder / "Videos").mkdir(parents=True)
        for number in range(videos):
            rng = np.random.default_rng((seed, number))
            heart, rate = draw_heart(rng), int(rng.integers(30, 71))
            count = int(rng.integers(frames[0], frames[1] + 1))
            volumes = heart.volumes(np.arange(count) / rate)
            name = f"0X{rng.integers(2**63):016X}"
            write_video(folder / "Videos" / f"{name}.avi", draw_frames(heart, volumes, rng), rate)
            ef, small, large = ejection_fraction(volumes)
            split = {6: "VAL", 7: "TEST"}.get(number % 8, "TRAIN")
            listed.append((name, f"{ef:.6f}", f"{small:.6f}", f"{large:.6f}", SIDE, SIDE, rate, count, split))
            traced += _tracings(f"{name}.avi", heart, volumes)
            if progress:
                progress(number + 1, videos)
        write_text(folder / "FileList.csv", _table(COLUMNS, listed))
        write_text(folder / "VolumeTracings.csv", _table(TRACING, traced))
        write_text(folder / MARKER, NOTE)
    return directory


def write_video(path: Path, frames: NDArray[np.uint8], rate: int) -> None:
    """Write grey frames (frames, rows, columns) as Motion-JPEG in AVI, as EchoNet's videos are."""
    import av

    with av.open(path, "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=Fraction(rate))
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = QUALITY
        stream.codec_context.thread_count = 1  # so that the bytes do not depend on the machine
        for pixels in frames:
            grey = av.VideoFrame.from_ndarray(np.repeat(pixels[:, :, None], 3, 2), format="rgb24")
            container.mux(stream.encode(grey))
        container.mux(stream.encode())


def _tracings(file: str, heart: Heart, volumes: Floats) -> list[tuple[object, ...]]:
    """The outline in the largest and the smallest frame: the long axis, then chords from the apex to the base."""
    rows: list[tuple[object, ...]] = []
    long_mm, short_mm = heart.axes_mm(volumes)
    sine, cosine = np.sin(heart.angle), np.cos(heart.angle)
    for frame in (int(volumes.argmax()), int(volumes.argmin())):
        half, wide = long_mm[frame] / 2 / heart.mm_per_pixel, short_mm[frame] / 2 / heart.mm_per_pixel
        drop = (long_mm[frame] - long_mm.max()) / 2 / heart.mm_per_pixel

        def place(along: float, across: float, drop: float = drop) -> tuple[str, str]:
            column = heart.centre[1] - drop * sine - along * sine + across * cosine
            row = heart.centre[0] + drop * cosine + along * cosine + across * sine
            return f"{column:.4f}", f"{row:.4f}"

        rows.append((file, *place(-half, 0), *place(half, 0), frame))
        for chord in range(CHORDS):
            along = half * ((2 * chord + 1) / CHORDS - 1)
            reach = wide * np.sqrt(max(1 - (along / half) ** 2, 0))
            rows.append((file, *place(along, -reach), *place(along, reach), frame))
    return rows


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()
