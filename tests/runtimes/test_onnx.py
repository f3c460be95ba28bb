"""The device side of an ONNX artifact runs where there is no torch."""

from __future__ import annotations

from pathlib import Path

from helpers import edgebench


def test_the_blocker_blocks(light: str, exported: Path, tmp_path: Path) -> None:
    done = edgebench("measure", exported / "torchscript", "-o", tmp_path / "run", "--limit", "4", PYTHONPATH=light)
    assert done.returncode == 1
    assert "torch is not installed" in done.stdout + done.stderr


def test_measure_onnx_without_torch(light: str, exported: Path, tmp_path: Path) -> None:
    done = edgebench(
        "measure", exported / "onnx", exported / "onnx-int8", "-o", tmp_path / "run", "--limit", "32",
        "--min-samples", "5", "--min-seconds", "0", "--processes", "2", "--threads", "1", PYTHONPATH=light,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "onnx-int8" in done.stdout
    assert (tmp_path / "run" / "measurements.jsonl").read_text().count('"status": "ok"') == 2
