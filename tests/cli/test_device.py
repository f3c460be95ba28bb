"""What the device's command line prints without rich."""

from __future__ import annotations

from pathlib import Path

import pytest
from flat_rows import changed
from report_rows import failed, run_of

from edgebench import api
from edgebench.cli import device
from edgebench.core.errors import RunError
from edgebench.core.measurements import Run
from edgebench.remote.event_stream import PlainLines

STEERING = "\x1b[31m\u202e\x07\udc80"
SHOWN = "\ufffd[31m\ufffd\ufffd\ufffd"


def test_an_error_steers_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object, **__: object) -> Run:
        raise RunError(f"{STEERING}\nis bad")

    monkeypatch.setattr(api, "run", broken)
    with pytest.raises(SystemExit) as ended:
        device.main(["measure", "x"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"error: {SHOWN} is bad\n"


def test_rows_and_paths_steer_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    row = changed(failed("onnx", STEERING), target="host")
    monkeypatch.setattr(api, "run", lambda *_, **__: run_of(row))
    with pytest.raises(SystemExit) as ended:
        device.main(["measure", "x", "-o", f"out{STEERING}"])
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert f"failed: resnet1d onnx on host: {SHOWN}\n" in out
    assert f"written: {Path(f'out{SHOWN}') / 'measurements.jsonl'}\n" in out


def test_lines_of_a_run_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PlainLines()
    lines.stage(STEERING, 2)
    lines.cell(failed("onnx", STEERING))
    assert capsys.readouterr().err.splitlines() == [f"{SHOWN} (2)", f"resnet1d onnx on host: failed: {SHOWN}"]
