from __future__ import annotations

from pathlib import Path

import pytest
from flat_rows import value
from helpers import quick

from edgebench.measuring import environment
from edgebench.pipeline import harness
from edgebench.reports.markdown import Markdown


def test_a_row_of_an_emulated_machine_says_so(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its decisions count; its latency is timed once, is called emulated, and says by what."""
    monkeypatch.setattr(environment, "emulator", lambda: "qemu-aarch64-static on x86")
    run = harness.run(quick(exported, "onnx"), tmp_path / "run")
    (row,) = run.measurements
    assert (row.status, row.cell.target, row.emulated, value(row, "verdict")) == ("ok", "host", True, "emulated")
    assert value(row, "verdict_reason") == "run by qemu-aarch64-static on x86"
    assert len(value(row, "process_medians_s")) == 1
    assert value(row, "macro_f1") is not None
    assert "emulated by qemu-aarch64-static on x86" in row.host
    assert run.environment["emulator"] == "qemu-aarch64-static on x86"
    assert "emulated: run by qemu-aarch64-static on x86" in Markdown().render(run)["report.md"]
