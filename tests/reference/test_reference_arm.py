"""The published comparison of AArch64's decisions with x86's: what was promised, and that the page shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flat_rows import value

from edgebench.core.measurements import Measurement
from edgebench.pipeline import run_store

ROOT = Path(__file__).parents[2]
FOUND: dict[str, Any] = json.loads((ROOT / "results" / "reference" / "arm" / "decisions.json").read_text())
ROWS: list[dict[str, Any]] = FOUND["rows"]


def test_it_was_aarch64_and_enough_records() -> None:
    assert FOUND["machines"]["there"]["architecture"] == "aarch64"
    assert FOUND["machines"]["here"]["architecture"] == "x86_64"
    assert FOUND["machines"]["there"]["emulator"]
    assert FOUND["records"] >= 200
    assert FOUND["dataset"] == "PTB-XL"
    models, exporters = ("resnet1d", "mobilenetv3-small"), ("onnx", "onnx-int8", "qnnpack-int8")
    assert {row["artifact"] for row in ROWS} == {f"{m} {e}" for m in models for e in exporters}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["artifact"])
def test_macro_f1_is_that_of_x86(row: dict[str, Any]) -> None:
    apart = abs(row["f1_here"] - row["f1_there"])
    assert apart == 0 if row["precision"] == "fp32" else apart <= 0.01


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["artifact"])
def test_the_page_shows_it(row: dict[str, Any]) -> None:
    model, exporter = row["artifact"].split()
    scores = f"{row['f1_here']:.4f} | {row['f1_there']:.4f}"
    line = f"| {model} | {exporter} | {scores} | {row['differ']} of {row['decisions']} |"
    assert line in (ROOT / "results" / "README.md").read_text()


def over_ssh() -> dict[tuple[str, str, str], Measurement]:
    """The run through an SSH target, by model, exporter and target."""
    run = run_store.read(ROOT / "results" / "reference" / "arm")
    return {(m.cell.model, m.cell.exporter, m.cell.target): m for m in run.measurements if m.status == "ok"}


@pytest.mark.parametrize("model", ["resnet1d", "mobilenetv3-small"])
@pytest.mark.parametrize("exporter", ["onnx", "onnx-int8", "qnnpack-int8"])
def test_through_an_ssh_target_macro_f1_is_that_of_x86(model: str, exporter: str) -> None:
    found = over_ssh()
    there = found[model, exporter, "arm64-qemu"]
    here = found[model, exporter, "arm-qnnpack"]
    assert value(there, "records") == value(here, "records") == 200
    assert there.emulated and value(there, "verdict") == "emulated", "an emulator's latency is never ranked"
    assert "aarch64" in there.host and "x86_64" in here.host
    assert value(there, "artifact_sha256") == value(here, "artifact_sha256")
    apart = abs((value(there, "macro_f1") or 0) - (value(here, "macro_f1") or 1))
    assert apart == 0 if exporter == "onnx" else apart <= 0.01
