"""The quick `edgebench` of the examples: what it puts behind a command, and what it does not let pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import doc_short
import pytest
from doc_place import tool
from doc_short import ANY_DROP, FEW, TIMED, shortened


def test_only_what_takes_time_is_shortened() -> None:
    assert shortened(["run", "--exporter", "onnx"], "") == ["run", "--exporter", "onnx", *TIMED, *FEW]
    assert shortened(["run", "--resume", "r"], "") == ["run", "--resume", "r"]
    assert shortened(["measure", "ship.bundle", "--resume", "r"], "") == ["measure", "ship.bundle", "--resume", "r"]
    assert shortened(["measure", "ship.bundle"], "") == ["measure", "ship.bundle", *TIMED]
    assert shortened(["quantize", "net"], "") == ["quantize", "net", *FEW, *ANY_DROP]
    assert shortened(["data", "fetch", "ptbxl"], "http://x/") == ["data", "fetch", "ptbxl", "--url", "http://x/"]
    assert shortened(["data", "info", "ptbxl"], "http://x/") == ["data", "info", "ptbxl"]
    run = ["run", *TIMED, *FEW, "--exporter", "onnx", "--exporter", "eager"]
    assert shortened(["run"], "", ("onnx", "eager")) == run
    assert "eager" not in shortened(["run", "--exporter", "onnx"], "", ("onnx", "eager"))
    for verb in ("doctor", "list", "report", "recommend", "compare", "gate", "explain", "inspect", "bundle"):
        assert shortened([verb], "") == [verb]


def quick(place: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A stand-in for `edgebench` that does as it is told, called as the examples call it."""
    tool(place, "edgebench", program)
    command = [sys.executable, doc_short.__file__, str(place / "edgebench"), *arguments]
    environment = {**os.environ, "DOC_URL": "", "DOC_DONE": str(place / "done")}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("unsupported", 0), ("failed", 1), ("timeout", 1)])
def test_a_run_with_a_cell_that_failed_has_failed(tmp_path: Path, status: str, code: int) -> None:
    row = json.dumps({"status": status, "reason": "memory: killed"})
    done = quick(tmp_path, f"mkdir -p results/a; echo '{row}' > results/a/measurements.jsonl", "run")
    assert done.returncode == code
    assert (f"a cell without numbers: {status}: memory: killed" in done.stdout) == bool(code)


def test_a_run_that_wrote_nothing_has_failed(tmp_path: Path) -> None:
    old = tmp_path / "results" / "old"
    old.mkdir(parents=True)
    (old / "measurements.jsonl").write_text('{"status": "ok"}\n')
    os.utime(old / "measurements.jsonl", (0, 0))
    assert quick(tmp_path, "true", "run").returncode == 1
    assert quick(tmp_path, "true", "run", "--resume", "results/old").returncode == 0


def test_a_no_is_an_answer_and_an_error_is_none(tmp_path: Path) -> None:
    assert quick(tmp_path, "exit 1", "gate", "r").returncode == 0
    assert quick(tmp_path, "exit 1", "report", "r").returncode == 1
    assert quick(tmp_path, "exit 2", "gate", "r").returncode == 2
    assert quick(tmp_path, "echo 'Traceback (most recent call last):' >&2; exit 1", "gate", "r").returncode == 1


def test_what_was_carried_out_is_not_carried_out_again(tmp_path: Path) -> None:
    calls = ["export -o a", "export -o a", "export -o b", "explain r", "explain r", "gate r", "gate r"]
    for call in calls:
        assert quick(tmp_path, 'echo "$1" >> calls', *call.split()).returncode == 0
    assert (tmp_path / "calls").read_text().split() == ["export", "export", "explain", "gate", "gate"]


def test_what_failed_is_carried_out_again(tmp_path: Path) -> None:
    assert [quick(tmp_path, "exit 3", "export").returncode for _ in range(2)] == [3, 3]
