"""Runs of a cell, for tests that compare them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flat_rows import changed, measurement, value

from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import to_json

CELL = measurement(
    run="old", model="net", variant="none", exporter="onnx", format="onnx", precision="fp32", target="host",
    status="ok", reason="", emulated=False, file_size_bytes=1000, peak_rss_bytes=100_000, latency_p50_s=0.010,
    process_medians_s=(0.0100, 0.0101, 0.0099), macro_f1=0.7, dataset="demo", records=60,
)  # fmt: skip
MACHINE = {"fingerprint": "abc", "cpu": "A Processor", "board": ""}


def run_of(*rows: Measurement, name: str = "run", machine: dict[str, Any] | None = None) -> Run:
    """A run without a folder."""
    return Run(name, Path("nowhere"), {}, machine or MACHINE, rows)


def written(folder: Path, *rows: Measurement, machine: dict[str, Any] | None = None) -> Path:
    """A folder that holds a run."""
    folder.mkdir()
    (folder / "plan.json").write_text(json.dumps({"plan": {}, "inputs": {}}))
    (folder / "environment.json").write_text(json.dumps(machine or MACHINE))
    (folder / "measurements.jsonl").write_text("".join(to_json(m) + "\n" for m in rows))
    return folder


def slower(by: float, **changes: Any) -> Measurement:
    """The cell with all its processes slower by this factor."""
    times = tuple(by * t for t in value(CELL, "process_medians_s"))
    return changed(CELL, process_medians_s=times, latency_p50_s=by * 0.010, **changes)
