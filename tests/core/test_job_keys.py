"""Keys of jobs and their text, which journals of earlier versions have, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.cells import Cell
from edgebench.core.job_keys import JobKey
from edgebench.core.job_results import ColdStart, Predicted, TimedProcess
from edgebench.pipeline import run_files

CELL = Cell("resnet1d", "l1-0.3", "onnx-int8:entropy", "raspberry-pi-5")
JOURNALS = sorted((Path(__file__).parents[2] / "results" / "reference").glob("*/journal.jsonl"))


@pytest.mark.parametrize(
    ("key", "text", "stem"),
    [
        (JobKey("compress", "net", "l1-0.3+qat"), "compress~net~l1-0.3+qat", "compress~net~l1-0.3+qat"),
        (JobKey("build", "timm:vit", "none", "onnx"), "build~timm_vit~none~onnx", "build~timm_vit~none~onnx"),
        (
            JobKey.of_cell("latency", CELL, 2),
            "latency~resnet1d~l1-0.3~onnx-int8_entropy~raspberry-pi-5~2",
            "resnet1d~l1-0.3~onnx-int8_entropy~raspberry-pi-5~2",
        ),
        (
            JobKey.of_cell("batch8", CELL, 0),
            "batch8~resnet1d~l1-0.3~onnx-int8_entropy~raspberry-pi-5~0",
            "batch8~resnet1d~l1-0.3~onnx-int8_entropy~raspberry-pi-5~0",
        ),
        (
            JobKey.of_prediction(CELL, "cpu", "fbgemm"),
            "predict~resnet1d~l1-0.3~onnx-int8_entropy~cpu-fbgemm",
            "resnet1d~l1-0.3~onnx-int8_entropy~cpu-fbgemm",
        ),
    ],
)
def test_a_key_comes_back_from_its_text(key: JobKey, text: str, stem: str) -> None:
    assert (str(key), key.stem) == (text, stem)
    assert JobKey.parse(text) == key


def test_a_target_may_have_the_separator_in_its_name() -> None:
    key = JobKey.of_cell("latency", Cell("m", "none", "onnx", "a~7"), 3)
    assert JobKey.parse(str(key)) == key


def test_what_a_job_gives_follows_from_its_stage() -> None:
    kinds = {s: JobKey.of_cell(s, CELL, 0).result for s in ("predict", "latency", "paced", "batch32", "cold")}
    timed = dict.fromkeys(("latency", "paced", "batch32"), TimedProcess)
    assert kinds == {"predict": Predicted, "cold": ColdStart, **timed}


@pytest.mark.parametrize(
    "text", ["", "predict", "dance~m~v~e~t", "batch~m~v~e~t~0", "latency4~m~v~e~t~0", "latency~m~v~e~t"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the journal's reader names the line
        JobKey.parse(text)


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda p: p.parent.name)
def test_published_journals_are_read(journal: Path) -> None:
    found = list(run_files.journal(journal.parent))
    assert found
    for key, outcome in found:
        assert outcome.status != "ok" or isinstance(outcome.value, key.result)
