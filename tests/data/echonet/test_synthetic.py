from __future__ import annotations

import csv
from pathlib import Path

import av
import numpy as np
import pytest

from edgebench.core.datasets import DataRequest
from edgebench.core.errors import DataError
from edgebench.data.echonet.dataset import DATASET
from edgebench.data.echonet.synthetic import COLUMNS, TRACING, generate


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("made") / "echo", videos=8, seed=3, frames=(20, 40))


def test_the_layout_is_echonets(folder: Path) -> None:
    rows = table(folder / "FileList.csv")
    assert tuple(rows[0]) == COLUMNS and [r["Split"] for r in rows] == ["TRAIN"] * 6 + ["VAL", "TEST"]
    for row in rows:
        small, large = float(row["ESV"]), float(row["EDV"])
        assert float(row["EF"]) == pytest.approx((large - small) / large * 100, abs=1e-4)
        assert 20 <= large <= 260 and 5 <= float(row["EF"]) <= 85 and 30 <= int(row["FPS"]) <= 70
        with av.open(str(folder / "Videos" / f"{row['FileName']}.avi")) as container:
            video = container.streams.video[0]
            assert (video.codec_context.name, video.width, video.height) == ("mjpeg", 112, 112)
            assert video.average_rate == int(row["FPS"])
            assert sum(1 for _ in container.decode(video)) == int(row["NumberOfFrames"])


def test_tracings_hold_the_volumes(folder: Path) -> None:
    """Simpson's rule over the chords of the largest and the smallest frame gives the table's ejection fraction."""
    rows = table(folder / "VolumeTracings.csv")
    assert tuple(rows[0]) == TRACING and len(rows) == 8 * 2 * 21
    for row in table(folder / "FileList.csv"):
        volumes: dict[str, float] = {}
        lines = [r for r in rows if r["FileName"] == f"{row['FileName']}.avi"]
        for frame in dict.fromkeys(r["Frame"] for r in lines):
            long, *chords = [
                np.hypot(float(r["X1"]) - float(r["X2"]), float(r["Y1"]) - float(r["Y2"]))
                for r in lines
                if r["Frame"] == frame
            ]
            volumes[frame] = np.pi / 4 * sum(c**2 for c in chords) * long / len(chords)
        large, small = volumes.values()
        assert (large - small) / large * 100 == pytest.approx(float(row["EF"]), abs=0.01)


def test_the_seed_decides_everything(folder: Path, tmp_path: Path) -> None:
    again = generate(tmp_path / "again", videos=8, seed=3, frames=(20, 40))
    for file in sorted(folder.rglob("*.*")):
        if file.is_file():
            assert file.read_bytes() == (again / file.relative_to(folder)).read_bytes(), file.name
    other = generate(tmp_path / "other", videos=1, seed=4, frames=(20, 20))
    assert table(other / "FileList.csv")[0]["EF"] != table(folder / "FileList.csv")[0]["EF"]


def test_the_dataset_says_that_it_is_synthetic(folder: Path) -> None:
    records = DATASET.load(DataRequest("train", folder))
    assert records.label == "EchoNet layout (synthetic)" and len(records) == 6
    assert records.targets is not None
    expected = [[float(r["EF"])] for r in table(folder / "FileList.csv") if r["Split"] == "TRAIN"]
    assert records.targets.tolist() == expected


def test_nothing_is_overwritten(folder: Path) -> None:
    with pytest.raises(DataError, match="is there already"):
        generate(folder)
