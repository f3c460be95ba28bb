from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_datasets import ramp, write_image

from edgebench.core.errors import BadRecord
from edgebench.data import decode_worker
from edgebench.data.decode_worker import decode_image, decode_video, size_of
from edgebench.data.echonet.synthetic import write_video


def stripes(path: Path, rows: int, columns: int) -> Path:
    """Left third black, middle third grey, right third white."""
    picture = np.repeat(np.repeat(np.array([0, 128, 255], np.uint8), columns // 3)[None], rows, 0)
    Image.fromarray(picture).save(path)
    return path


def test_crop_keeps_the_middle_and_squash_everything(tmp_path: Path) -> None:
    wide = stripes(tmp_path / "wide.png", 10, 30)
    assert set(decode_image(wide, (1, 10, 10), "crop")[0, :, 2:8].ravel()) == {128}
    squashed = decode_image(wide, (1, 10, 10), "squash")[0]
    assert squashed[5, 0] < 20 and squashed[5, 9] > 235 and abs(int(squashed[5, 5]) - 128) < 30
    tight = decode_image(stripes(tmp_path / "s.png", 30, 30), (1, 10, 10), "crop", crop=50)[0]
    plain = decode_image(tmp_path / "s.png", (1, 10, 10), "crop")[0]
    grey = [int((np.abs(row[5].astype(int) - 128) < 10).sum()) for row in (plain, tight)]
    assert grey[0] in (2, 3, 4) and grey[1] in (5, 6, 7), "half of the side is kept, so its middle is twice as wide"
    assert decode_image(wide, (3, 10, 30)).shape == (3, 10, 30)


def test_colours_and_modes(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.png", value=200)
    assert decode_image(path, (3, 10, 12))[:, 0, 0].tolist() == [200, 100, 0]
    for mode in ("L", "RGBA", "P", "CMYK", "1", "LA"):
        file = tmp_path / f"{mode}.tif"
        Image.open(path).convert(mode).save(file)
        assert decode_image(file, (3, 10, 12)).shape == (3, 10, 12)
    deep = write_image(tmp_path / "deep.png", value=3000, mode="I;16")
    with pytest.raises(BadRecord, match="more than 8 bits"):
        decode_image(deep, (1, 10, 12))


def test_decompression_bombs_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    assert bomb.stat().st_size < 10**6
    for function in (lambda: decode_image(bomb, (3, 8, 8), "crop"), lambda: size_of(bomb)):
        with pytest.raises(BadRecord, match="bomb"):
            function()
    line = write_image(tmp_path / "line.png", size=(1, 3000))
    with pytest.raises(BadRecord, match="too narrow"):
        decode_image(line, (3, 2000, 2000), "crop")
    monkeypatch.setattr(decode_worker, "PIXELS", 100)
    video = tmp_path / "v.avi"
    write_video(video, ramp(2), 30)
    with pytest.raises(BadRecord, match="112x112 pixels"):
        decode_video(video, (2, 1, 8, 8))


@pytest.mark.parametrize("kind", ["image", "video"])
def test_files_that_are_none(kind: str, tmp_path: Path) -> None:
    for number, content in enumerate(
        (b"", b"x" * 1000, b"RIFF\xff\xff\xff\x7fAVI ", b"\x89PNG\r\n\x1a\n", None, b"<svg/>")
    ):
        path = tmp_path / f"{number}"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(BadRecord) as raised:
            _ = decode_image(path, (3, 8, 8)) if kind == "image" else decode_video(path, (8, 3, 8, 8))
        assert str(raised.value).startswith(f"{path}: ") and "\n" not in str(raised.value)


def test_first_and_last_frame_are_among_the_chosen(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    write_video(path, ramp(12), 30)
    clip = decode_video(path, (2, 1, 112, 112))
    assert np.abs(clip.mean((1, 2, 3)) - [0, 220]).max() < 3
    assert abs(decode_video(path, (1, 3, 16, 16)).mean()) < 3, "one frame is the first"
    with pytest.raises(BadRecord, match="12 frames where the table says 13"):
        decode_video(path, (2, 1, 112, 112), least=13)
