"""The device's command line: without rich, torch and pandas, where only NumPy, psutil and onnxruntime are installed."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from flat_rows import changed
from helpers import edgebench_here, lines_of
from report_rows import failed, run_of
from typer.main import get_command

from edgebench import api
from edgebench.cli import app as app_module
from edgebench.cli import device
from edgebench.core import flat_row
from edgebench.core.errors import RunError
from edgebench.core.measurements import Run
from edgebench.pipeline import run_store
from edgebench.remote.bundles import reading

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


BRIEF = ("--processes", "2", "--min-samples", "5", "--min-seconds", "0", "--threads", "1")
DEVICE_HAS = ("msgspec", "numpy", "psutil", "onnxruntime")


@pytest.fixture(scope="module")
def small(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only TorchScript: nothing that runs without torch."""
    path = tmp_path_factory.mktemp("packed") / "torch.bundle"
    api.bundle([exported / "torchscript"], path, limit=8)
    return path


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, packed: Path) -> Path:
    """The Python of a virtual environment that has the device's packages and the bundle's device side, and no more."""
    home = tmp_path_factory.mktemp("board")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True)
    site = next((home / "venv" / "lib").glob("python3*")) / "site-packages"
    for name in DEVICE_HAS:
        files = importlib.metadata.distribution(name).files or []
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(Path(str(importlib.metadata.distribution(name).locate_file(top))))
    opened = reading.opened(packed)
    with zipfile.ZipFile(opened.folder / opened.listing.device) as archive:
        archive.extractall(site)
    return home / "venv" / "bin" / "python"


def flat_rows_of(run: Path) -> list[dict[str, object]]:
    return [flat_row.flatten(m) for m in run_store.read(run).measurements]


def on(board: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [board, *map(str, arguments)], capture_output=True, text=True, env=clean | environment, cwd=board.parent,
        timeout=600,
    )  # fmt: skip


def test_the_board_has_nothing_else(board: Path) -> None:
    absent = ("torch", "timm", "pandas", "pydantic", "typer", "rich", "onnx", "tabulate", "safetensors")
    found = f"import importlib.util as u; print([n for n in {absent} if u.find_spec(n)])"
    assert on(board, "-c", found).stdout == "[]\n"
    assert on(board, "-c", "import numpy, psutil, onnxruntime, edgebench").returncode == 0


@pytest.mark.slow
def test_it_measures_there_as_here(board: Path, packed: Path, exported: Path, tmp_path: Path) -> None:
    brief = ("--processes", "1", *BRIEF[2:])
    there = on(board, "-m", "edgebench", "measure", packed, "-o", tmp_path / "there", *brief)
    assert there.returncode == 0, there.stderr
    here = edgebench_here(
        "measure", exported / "onnx", exported / "onnx-int8", exported / "eager", "-o", tmp_path / "here",
        "--limit", "48", *brief,
    )  # fmt: skip
    assert here.returncode == 0, here.stderr
    rows = {str(row["exporter"]): row for row in flat_rows_of(tmp_path / "there")}
    others = {str(row["exporter"]): row for row in flat_rows_of(tmp_path / "here")}
    for name in ("onnx", "onnx-int8"):
        for field in ("macro_f1", "macro_f1_low", "macro_auc", "delta_macro_f1", "delta_low", "agreement", "dataset",
                      "records", "artifact_sha256"):  # fmt: skip
            assert rows[name][field] == others[name][field], field
        assert rows[name].keys() == others[name].keys()
    assert rows["eager"]["status"] == "unsupported"
    assert "torch is not installed: pip install" in str(rows["eager"]["reason"])
    assert "torch is not installed: pip install" in there.stdout and "onnx-int8" in there.stdout
    written = api.report([tmp_path / "there"], output=tmp_path / "report")
    assert "onnx-int8" in written[1].read_text()


def test_nothing_that_can_run_is_one_line(board: Path, small: Path, tmp_path: Path) -> None:
    done = on(board, "-m", "edgebench", "measure", small, "-o", tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "torch is not installed: pip install" in done.stderr
    assert not (tmp_path / "run").exists()


def test_bad_input_is_one_line(board: Path, packed: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.bundle"
    damaged.write_bytes(packed.read_bytes()[:-4000])
    for arguments, reason in (
        ((damaged,), "damaged.bundle: "), ((tmp_path / "no.bundle",), "no.bundle: "),
        ((packed, "--threads", "0"), "error: --threads 0: "),
        ((packed, "--target", "moon"), "'moon'"),
        ((packed, "--processes", "0"), "error: --processes 0: "),
        ((packed, "--core", "999"), "error: --core 999: "),
        ((packed, "--resume", tmp_path), str(tmp_path)),
        ((packed, "--dataset", "moon"), "'moon'"), ((board.parent,), "manifest.json"),
    ):  # fmt: skip
        done = on(board, "-m", "edgebench", "measure", *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert reason in done.stderr


@pytest.mark.slow
def test_it_goes_on_after_a_power_cut(board: Path, packed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [board, "-m", "edgebench", "measure", packed, "-o", run, *BRIEF, "--min-seconds", "0.3"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    child = subprocess.Popen(list(map(str, command)), env=clean, stderr=subprocess.DEVNULL, cwd=board.parent)
    journal, deadline = run / "journal.jsonl", time.monotonic() + 240
    while time.monotonic() < deadline and (not journal.exists() or len(lines_of(journal)) < 3):
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = journal.read_text()
    assert before.count("\n") >= 3
    done = on(board, "-m", "edgebench", "measure", packed, "--resume", run)
    assert done.returncode == 0, done.stderr
    assert journal.read_text().startswith(before)
    jobs = [str(line["job"]) for line in lines_of(journal)]
    assert len(jobs) == len(set(jobs))
    other = on(board, "-m", "edgebench", "measure", packed, "--resume", run, "--threads", "2")
    assert other.returncode == 2 and "(threads)" in other.stderr


def test_the_flags_are_those_of_the_whole_command_line() -> None:
    measure = get_command(app_module.app).commands["measure"]  # type: ignore[attr-defined]
    whole = {name for parameter in measure.params for name in parameter.opts if name.startswith("--")}
    assert {option.flag for option in device.OPTIONS} == whole - {"--tune-thresholds", "--output", "--resume", "--help"}
