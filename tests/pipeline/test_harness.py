"""Whole runs on real artifacts: what they give, and what they survive."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import predicted_by_scikit_learn
import psutil
import pytest
from flat_rows import value
from helpers import QUICK, PluginMaker, edgebench_here, quick

from edgebench import api
from edgebench.artifacts import manifests
from edgebench.core.settings import Measuring
from edgebench.pipeline import run_store


def test_every_figure_is_there(exported: Path, tmp_path: Path) -> None:
    run = api.run(quick(exported, "eager", "onnx", targets=("host", "raspberry-pi-5", "cuda")), tmp_path / "run")
    rows = {(m.cell.exporter, m.cell.target): m for m in run.measurements}
    assert len(rows) == 6
    onnx = rows["onnx", "host"]
    assert (onnx.status, value(onnx, "records"), value(onnx, "latency_samples")) == ("ok", 24, 10)
    assert value(onnx, "file_size_bytes") == (exported / "onnx" / "model.onnx").stat().st_size
    assert 20e6 < (value(onnx, "peak_rss_bytes") or 0) < 500e6
    assert 1e6 < (value(onnx, "model_rss_bytes") or 0) < (value(onnx, "peak_rss_bytes") or 0)
    assert 1e-4 < (value(onnx, "latency_p50_s") or 0) < 1
    # Of two processes, whose interval is wide.
    assert (
        0
        < (value(onnx, "latency_p50_low_s") or 0)
        < (value(onnx, "latency_p50_s") or 0)
        < (value(onnx, "latency_p50_high_s") or 0)
    )
    assert len(value(onnx, "process_medians_s")) == 2
    assert (
        (value(onnx, "latency_min_s") or 1)
        <= (value(onnx, "latency_p50_s") or 0)
        <= (value(onnx, "latency_p95_s") or 0)
    )
    assert (value(onnx, "latency_p95_s") or 1) <= (value(onnx, "latency_max_s") or 0)
    assert set(value(onnx, "f1_by_class")) == {"NORM", "MI", "STTC", "CD", "HYP"}
    assert value(onnx, "agreement") == 1.0
    assert 0 < (value(onnx, "calibration_error") or 0) < 0.5
    assert value(onnx, "latency_p99_s") is None  # too few samples to tell it
    assert (value(onnx, "max_abs_error") or 1) < 1e-4
    assert value(onnx, "delta_macro_f1") == 0.0
    thresholds = manifests.read(exported / "onnx").artifact.thresholds
    for exporter in ("eager", "onnx"):
        predicted_by_scikit_learn.check(run, rows[exporter, "host"], thresholds)
    assert onnx.dataset == "demo (synthetic)"
    assert rows["onnx", "cuda"].status == "unsupported"
    pi = rows["onnx", "raspberry-pi-5"]
    assert pi.emulated
    assert value(pi, "verdict") == "emulated"
    assert value(pi, "macro_f1") == value(onnx, "macro_f1")
    samples = [np.load(p) for p in sorted((tmp_path / "run" / "samples").glob("*onnx~host*.npy"))]
    assert np.median(np.concatenate(samples)) == value(onnx, "latency_p50_s")


def test_reports_are_written_and_missing_values_are_empty(exported: Path, tmp_path: Path) -> None:
    run = api.run(quick(exported, "onnx", targets=("host", "cuda")), tmp_path / "run")
    with (run.folder / "report.csv").open(newline="") as stream:
        rows = {row["target"]: row for row in csv.DictReader(stream)}
    assert rows["cuda"]["status"] == "unsupported"
    assert rows["cuda"]["latency_p50_s"] == rows["cuda"]["macro_f1"] == rows["host"]["peak_device_bytes"] == ""
    assert float(rows["host"]["latency_p50_s"]) > 0
    assert rows["host"]["latency_samples"] == "10"
    assert "| resnet1d" in (run.folder / "report.md").read_text()


CRASHING = """
import ctypes, os, signal, time
from edgebench.runtimes.onnx import OnnxRuntime
class Runtime(OnnxRuntime):
    format = "{kind}"
    def load(self, path, artifact, device):
        {code}
RUNTIME = Runtime()
"""


def broken(plugin: PluginMaker, exported: Path, folder: Path, kind: str, code: str) -> Path:
    """An artifact whose runtime misbehaves, beside a good one."""
    plugin(kind, CRASHING.format(kind=kind, code=code), f"[edgebench.runtimes]\n{kind} = {kind}:RUNTIME\n")
    shutil.copytree(exported / "onnx", folder / kind)
    manifest = folder / kind / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": kind, "exporter": kind}))
    return folder / kind


@pytest.mark.parametrize(
    ("kind", "code", "status", "reason"),
    [
        ("segfault", "ctypes.string_at(0)", "failed", "SIGSEGV"),
        ("oom", "os.kill(os.getpid(), signal.SIGKILL)", "failed", "SIGKILL (out of memory, or killed from outside)"),
        ("hang", "time.sleep(600)", "timeout", "no answer within 3 s"),
        ("raise", "raise ValueError('no such operator')", "failed", "ValueError: no such operator"),
    ],
)
def test_a_broken_cell_is_a_row(
    plugin: PluginMaker, exported: Path, tmp_path: Path, kind: str, code: str, status: str, reason: str
) -> None:
    bad = broken(plugin, exported, tmp_path, kind, code)
    measuring = Measuring(**vars(QUICK) | {"timeout_s": 3.0 if kind == "hang" else 60.0})
    plan = quick(exported, "onnx", measuring=measuring)
    run = api.run(plan.replaced(artifacts=(bad, *plan.measure.artifacts)), tmp_path / "run")
    rows = {m.cell.exporter: m for m in run.measurements}
    assert (rows[kind].status, value(rows[kind], "latency_p50_s")) == (status, None)
    assert reason in rows[kind].reason
    assert rows["onnx"].status == "ok"


def test_ctrl_c_on_the_command_line(exported: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "edgebench", "measure", str(exported / "onnx"), "-o", str(tmp_path / "run"),
        "--processes", "3", "--min-seconds", "20", "--threads", "1", "--limit", "8",
    ]  # fmt: skip
    # A shell starts background jobs with SIGINT ignored; a terminal does not.
    listen = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen
    )  # fmt: skip
    wait_for(lambda: (tmp_path / "run" / "journal.jsonl").exists() and len(children(process.pid)) > 0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert f"edgebench run --resume {tmp_path / 'run'}" in " ".join(errors.split())
    done = edgebench_here("run", "--resume", tmp_path / "run", "--min-samples", "7")
    assert done.returncode == 2  # the plan changed
    assert "(measuring" in " ".join(done.stderr.split())


def test_killed_worker_costs_one_cell(exported: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "edgebench", "measure", str(exported / "onnx"), str(exported / "onnx-int8"),
        "-o", str(tmp_path / "run"), "--processes", "1", "--min-seconds", "1.5", "--threads", "1", "--limit", "8",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = tmp_path / "run" / "journal.jsonl"
    wait_for(lambda: journal.exists() and "profile~" in journal.read_text() and children(process.pid) != [])
    os.kill(children(process.pid)[0], signal.SIGKILL)
    assert process.wait(120) == 0
    rows = run_store.read(tmp_path / "run").measurements
    assert sorted(m.status for m in rows) == ["failed", "ok"]
    assert "SIGKILL" in next(m.reason for m in rows if m.status == "failed")
    assert edgebench_here("run", "--resume", tmp_path / "run").returncode == 0
    assert [m.status for m in run_store.read(tmp_path / "run").measurements] == ["ok", "ok"]


def test_killed_run_is_resumed(exported: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "edgebench", "measure", str(exported / "onnx"), "-o", str(tmp_path / "run"),
        "--processes", "2", "--min-seconds", "1.5", "--threads", "1", "--limit", "8",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = tmp_path / "run" / "journal.jsonl"
    wait_for(lambda: journal.exists() and "latency~" in journal.read_text())
    workers = children(process.pid)
    process.kill()
    process.wait()
    wait_for(lambda: not any(psutil.pid_exists(p) for p in workers))  # orphans do not go on measuring
    with journal.open("a") as stream:
        stream.write('{"job": "cut o')  # what a power cut leaves
    done = edgebench_here("run", "--resume", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert [m.status for m in run_store.read(tmp_path / "run").measurements] == ["ok"]
    assert "cut o" not in journal.read_text()


def children(pid: int) -> list[int]:
    """Workers of a run."""
    try:
        return [c.pid for c in psutil.Process(pid).children() if "edgebench.measuring.worker" in " ".join(c.cmdline())]
    except psutil.NoSuchProcess:
        return []


def wait_for(condition: object, seconds: float = 90) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
