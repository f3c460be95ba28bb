"""A child process that decodes image and video files of unknown origin, one after the other."""

from __future__ import annotations

import math
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import BadRecord, first_line
from edgebench.isolation.child import answer_with

ADDRESS_SPACE = 4 * 2**30
"""Bytes that this process may take, however large a file says it is."""
PIXELS = 64 * 10**6
"""Pixels of an image or of a frame of a video; a file that says more is refused before it is decoded."""
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's modes of more than eight bits a channel."""


def decode_video(path: Path, shape: tuple[int, ...], least: int = 0) -> NDArray[np.uint8]:
    """Evenly spaced frames of an AVI file, the first and the last among them, resized; raises BadRecord.

    `shape` is (frames, channels, rows, columns) with one or three channels. A video of fewer frames repeats some; one
    of fewer than `least` is bad. The file is decoded twice, so that a long one needs no more memory than a short one.
    """
    frames, channels, rows, columns = shape
    count = sum(1 for _ in _frames(path))
    if not count:
        raise BadRecord(f"{path}: a video with no frames")
    if count < least:
        raise BadRecord(f"{path}: {count} frames where the table says {least}: cut off")
    wanted = [round(i * (count - 1) / max(frames - 1, 1)) for i in range(frames)]
    decoded: dict[int, NDArray[np.uint8]] = {}
    places = set(wanted)
    for number, frame in enumerate(_frames(path)):
        if number in places:
            pixels = frame.to_ndarray(
                format="rgb24" if channels == 3 else "gray", width=columns, height=rows, interpolation="BILINEAR"
            )
            decoded[number] = pixels.reshape(rows, columns, channels).transpose(2, 0, 1)
    return np.stack([decoded[number] for number in wanted])


def _frames(path: Path) -> Iterator[Any]:
    """The frames of a video; raises BadRecord for one that does not decode."""
    import av

    av.logging.set_level(None)
    number = 0
    try:
        # The format is named: by itself the library would take a text for a playlist, and open what that names.
        with path.open("rb") as stream, av.open(stream, "r", format="avi") as container:
            if not container.streams.video:
                raise BadRecord(f"{path}: a video with no frames")
            video = container.streams.video[0]
            video.codec_context.thread_count = 1
            if (video.codec_context.width or 0) * (video.codec_context.height or 0) > PIXELS:
                raise BadRecord(f"{path}: frames of {video.codec_context.width}x{video.codec_context.height} pixels")
            for frame in container.decode(video):
                if frame.width * frame.height > PIXELS or frame.is_corrupt:
                    raise BadRecord(f"{path}: frame {number} is damaged")
                yield frame
                number += 1
    except FileNotFoundError:
        raise BadRecord(f"{path}: missing") from None
    except BadRecord:
        raise
    except Exception as error:  # FFmpeg's errors are of many kinds
        reason = _short(error, path)
        raise BadRecord(f"{path}: not an AVI video, or damaged after {number} frames ({reason})") from None


def decode_image(
    path: Path, shape: tuple[int, ...], fit: str = "", crop: int = 100, interpolation: str = "bilinear"
) -> NDArray[np.uint8]:
    """An image of shape (channels, rows, columns), one or three channels; raises BadRecord.

    `fit` is `crop` (the image is scaled until it covers the shape, of which the middle is kept; `crop` is the percent
    of the scaled image's shorter part that is kept), `squash` (scaled by its own factor along each side), or empty,
    and then an image of another size is bad.
    """
    from PIL import Image

    channels, rows, columns = shape
    way = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}[interpolation]
    try:
        with path.open("rb") as stream, _opened(path, stream) as image:
            if not fit and image.size != (columns, rows):
                raise BadRecord(
                    f"{path}: {image.height}x{image.width} where others have {rows}x{columns} "
                    "(--dataset-option size=N gives all one size)"
                )
            whole = image.convert("RGB" if channels == 3 else "L")
            if fit == "squash":
                whole = whole.resize((columns, rows), way)
            elif fit:
                whole = _covering(whole, rows, columns, crop, way)
    except FileNotFoundError:
        raise BadRecord(f"{path}: missing") from None
    except BadRecord:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds for a damaged file
        raise BadRecord(f"{path}: does not decode ({_short(error, path)})") from None
    return np.asarray(whole, np.uint8).reshape(rows, columns, channels).transpose(2, 0, 1)


def _covering(image: Any, rows: int, columns: int, crop: int, way: Any) -> Any:
    scale = max(columns / image.width, rows / image.height) * 100 / crop
    width, height = max(columns, round(image.width * scale)), max(rows, round(image.height * scale))
    if width * height > PIXELS:  # a line of pixels, scaled up
        raise ValueError(f"{image.height}x{image.width} is too narrow to crop; resize=squash takes it")
    left, top = (width - columns) // 2, (height - rows) // 2
    return image.resize((width, height), way).crop((left, top, left + columns, top + rows))


def _opened(path: Path, stream: BinaryIO) -> Any:
    """The image of a file whose header is fine; its pixels are not decoded yet."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        image = Image.open(stream, formats=FORMATS)
    except UnidentifiedImageError:
        raise BadRecord(f"{path}: not an image ({', '.join(FORMATS)})") from None
    if image.width * image.height > PIXELS:
        raise BadRecord(f"{path}: {image.width}x{image.height} pixels; at most {PIXELS / 1e6:.0f} million are read")
    if image.mode in DEEP:
        raise BadRecord(f"{path}: has more than 8 bits a channel ({image.mode}): convert it to 8 bits")
    return image


def size_of(path: Path) -> tuple[int, int]:
    """Rows and columns of an image, from its header; raises BadRecord."""
    try:
        with path.open("rb") as stream, _opened(path, stream) as image:
            return image.height, image.width
    except BadRecord:
        raise
    except Exception as error:
        raise BadRecord(f"{path}: not an image ({_short(error, path)})") from None


def _short(error: Exception, path: Path) -> str:
    return first_line(error).replace(str(path), path.name)[:120]


def handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Decode each file into its row of the output; answers with its problem, which is empty where there is none."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    space = ADDRESS_SPACE if most == resource.RLIM_INFINITY else min(ADDRESS_SPACE, most)
    resource.setrlimit(resource.RLIMIT_AS, (space, most))
    if request["kind"] == "size":
        for _, name, _ in request["files"]:
            try:
                yield {"size": size_of(Path(name))}
            except BadRecord:
                yield {"size": []}
        return
    shape = tuple(request["shape"])
    decode: Callable[..., NDArray[np.uint8]] = decode_video if request["kind"] == "video" else decode_image
    with Path(request["output"]).open("r+b") as output:
        start = output.seek(0, 2) - _rows(Path(request["output"])) * math.prod(shape)
        for row, name, given in request["files"]:
            try:
                record = decode(Path(name), shape, **request["options"], **given)
            except (BadRecord, MemoryError) as problem:
                yield {"problem": " ".join(str(problem).split()) or f"{name}: needs too much memory"}
                continue
            output.seek(start + row * math.prod(shape))
            output.write(np.ascontiguousarray(record).tobytes())
            output.flush()
            yield {"problem": ""}


def _rows(path: Path) -> int:
    return len(np.load(path, mmap_mode="r"))


if __name__ == "__main__":
    answer_with(handle)
