from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest
from small_datasets import make_echonet, ramp

from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest, RecordSet, SplitInfo
from edgebench.core.errors import BadRecord, DataError
from edgebench.data.echonet.dataset import DATASET, SYNTHETIC
from edgebench.data.echonet.synthetic import MARKER, write_video


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))


def load(folder: Path, split: Split = "test", **fields: object) -> RecordSet:
    return DATASET.load(DataRequest(split, folder, **fields))  # type: ignore[arg-type]


def clips(records: RecordSet) -> np.ndarray:
    return np.load(records.inputs[0].path)  # type: ignore[no-any-return]


def write_no_frames(path: Path) -> None:
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=50)
        stream.width, stream.height, stream.pix_fmt = 112, 112, "yuvj420p"
        container.start_encoding()


def test_evenly_spaced_frames_of_each_split(tmp_path: Path) -> None:
    folder = make_echonet(tmp_path / "echo", [{}, {"Split": "TRAIN"}, {"Split": "VAL", "EF": ""}, {"Split": "VAL"}])
    records = load(folder)
    assert (records.label, records.task, records.unit, records.classes) == (
        "EchoNet-Dynamic",
        "regression",
        "%",
        ("EF",),
    )
    assert records.ids.tolist() == ["0X0000"] and records.targets.tolist() == [[40.5]]  # type: ignore[union-attr]
    (stored,) = records.inputs
    assert stored.spec.shape == (8, 3, 112, 112) and stored.spec.axes == ("frame", "channel", "row", "column")
    clip = clips(records)
    assert clip.shape == (1, 8, 3, 112, 112) and clip.dtype == np.uint8
    chosen = 20 * np.rint(np.linspace(0, 11, 8))
    assert np.abs(clip[0].mean((1, 2, 3)) - chosen).max() < 3, "the first frame, the last, and even steps between"
    assert load(folder, "validation").unlabelled == 1 and len(load(folder, "validation")) == 1
    assert load(folder, "calibration").ids.tolist() == load(folder, "train").ids.tolist() == ["0X0001"]


def test_options(tmp_path: Path) -> None:
    folder = make_echonet(tmp_path / "echo", [{"EDV": 120, "NumberOfFrames": 12}])
    records = load(folder, options={"frames": "3", "size": "32", "channels": "1", "target": "EDV"})
    assert clips(records).shape == (1, 3, 1, 32, 32)
    assert (records.unit, records.classes, records.targets.tolist()) == ("mL", ("EDV",), [[120.0]])  # type: ignore[union-attr]
    assert clips(load(folder, options={"frames": "20", "size": "8"})).shape[1] == 20, "a short video repeats frames"
    for wrong, said in (
        ({"frames": "0"}, "from 1 to 256"), ({"size": "9" * 400}, "whole number"),
        ({"frame": "8"}, "did you mean 'frames'"),
        ({"target": "EV"}, "choose EF, ESV, EDV"), ({"channels": "2"}, "choose 3, 1"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            load(folder, options=wrong)


def test_missing_and_broken_videos_are_named_and_counted(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {},
        {"video": False},
        {},
        {},
        {"EF": "nan"},
        {"NumberOfFrames": 100},
        {"EF": ""},
        {},
    ]
    folder = make_echonet(tmp_path / "echo", rows)
    videos = folder / "Videos"
    (videos / "0X0002.avi").write_bytes(b"no video")
    whole = (videos / "0X0003.avi").read_bytes()
    (videos / "0X0003.avi").write_bytes(whole[: len(whole) // 2])
    write_no_frames(videos / "0X0007.avi")
    with pytest.raises(BadRecord, match=r"0X0001\.avi: missing \(and 1 more"):
        load(folder)
    records = load(folder, skip_bad_records=True)
    assert records.ids.tolist() == ["0X0000"] and records.unlabelled == 1 and len(clips(records)) == 1
    found = {line.split(".avi")[0][-6:] if ".avi" in line else line.split(": ")[1]: line for line in records.dropped}
    assert set(found) == {"0X0001", "0X0002", "0X0003", "0X0004", "0X0005", "0X0007"}
    assert "missing" in found["0X0001"] and "cut off" in found["0X0005"] and "not a finite number" in found["0X0004"]
    assert "a video with no frames" in found["0X0007"]
    assert DATASET.info(folder)[2] == SplitInfo("test", 8, 1, 1, 2)
    (videos / "0X0000.avi").unlink()
    with pytest.raises(DataError, match="every record of the test split is bad"):
        load(folder, skip_bad_records=True)


def test_the_cache_never_answers_for_other_videos(tmp_path: Path) -> None:
    folder = make_echonet(tmp_path / "echo", [{}])
    first = clips(load(folder))
    path = folder / "Videos" / "0X0000.avi"
    before = path.stat()
    write_video(path, ramp(12)[::-1], 50)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert np.abs(clips(load(folder)).astype(int) - first[:, ::-1]).max() < 4
    (folder / MARKER).write_text("x")
    assert load(folder).label == "EchoNet layout (synthetic)"


def test_splits_without_videos(tmp_path: Path) -> None:
    folder = make_echonet(tmp_path / "echo", [{}, {"Split": "TRAIN", "video": False}, {"Split": "VAL", "EF": ""}])
    for split, said in (("calibration", "calibrate int8"), ("validation", "has a target")):
        with pytest.raises(DataError, match=said):
            load(folder, split)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="signed agreement"):
        DATASET.fetch(tmp_path)


def test_synthetic_videos_say_so_wherever_they_show(tmp_path: Path) -> None:
    said = DATASET.fetch(tmp_path / "echo", {"synthetic": "8", "seed": "3"})
    assert "8 synthetic videos" in said and "no patient" in said
    rows = DATASET.info(tmp_path / "echo")
    assert [(row.split, row.records, row.note) for row in rows] == [
        ("train", 6, SYNTHETIC), ("validation", 1, SYNTHETIC), ("test", 1, SYNTHETIC),
    ]  # fmt: skip
    assert load(tmp_path / "echo").label == SYNTHETIC and "synthetic" in SYNTHETIC
    for wrong in ({"synthetic": "0"}, {"synthetic": "many"}, {"seed": "-1"}, {"count": "3"}):
        with pytest.raises(DataError, match=r"synthetic|seed|unknown option"):
            DATASET.fetch(tmp_path / "other", wrong)
    with pytest.raises(DataError, match="is there already"):
        DATASET.fetch(tmp_path / "echo", {"synthetic": "8"})
    assert not (tmp_path / "other").exists()


def test_a_name_longer_than_any_file(tmp_path: Path) -> None:
    folder = make_echonet(tmp_path / "echo", [{}, {"FileName": "x" * 5000, "video": False}])
    with pytest.raises(BadRecord, match="missing"):
        load(folder)
    assert load(folder, skip_bad_records=True).ids.tolist() == ["0X0000"]
    assert DATASET.info(folder)[2] == SplitInfo("test", 2, 1, 0, 0)


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    folder = make_echonet(tmp_path / "echo", [{}, {}])
    (folder / "Videos" / "0X0001.avi").write_text(f"#EXTM3U\n#EXTINF:1,\n{folder}/Videos/0X0000.avi\n#EXT-X-ENDLIST\n")
    with pytest.raises(BadRecord, match="not an AVI"):
        load(folder)
