"""Helpers that tests call."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from edgebench.core import registry
from edgebench.core.progress import ProgressReporter
from edgebench.core.settings import Measuring
from edgebench.data.signals import LEADS
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.read_plan import load

BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
"""
BUILD_SIDE = ("torch", "torchvision", "timm", "onnx", "onnxscript", "sklearn", "scipy", "pandas", "wfdb", "tabulate")


EXPORTERS = tuple(name for name in registry.names("exporters") if not hasattr(registry.exporter(name), "needs"))
"""Those that need no extra beyond `all`; test_openvino.py and test_executorch.py have the others."""
LIBRARY_WORDS = (
    "Input should", "parse string", "Value error", "Extra inputs", "the whole", "Field required", "Invalid value",
    "Traceback", "Expected one of", "HTTPConnectionPool", "ONNXRuntimeError",
)  # fmt: skip
"""What pydantic, click, torch and others say; a person is told in other words."""


def make_ptbxl(folder: Path, records: int = 24) -> Path:
    """Write records and both tables in PhysioNet's layout."""
    import wfdb

    rng = np.random.default_rng(0)
    home = folder / "records100" / "00000"
    home.mkdir(parents=True)
    codes = [
        "{'NORM': 100.0}",
        "{'IMI': 15.0, 'SR': 0.0}",
        "{'NDT': 0.0}",
        "{'LAFB': 100.0, 'LVH': 50.0}",
        "{'SR': 0.0}",
    ]
    lines = ["ecg_id,scp_codes,strat_fold,filename_lr,filename_hr"]
    for i in range(1, records + 1):
        fold = 10 if i % 6 == 0 else 9 if i % 6 == 5 else i % 6
        name = f"{i:05d}_lr"
        signal = rng.integers(-2000, 2000, (1000, 12)).astype(float) / 1000
        wfdb.wrsamp(
            name, fs=100, units=["mV"] * 12, sig_name=list(LEADS), p_signal=signal, fmt=["16"] * 12,
            adc_gain=[1000.0] * 12, baseline=[0] * 12, write_dir=str(home),
        )  # fmt: skip
        where = f"records100/00000/{name},records500/00000/{i:05d}_hr"
        lines.append(f'{i},"{codes[i // 6 % 5]}",{fold},{where}')
    (folder / "ptbxl_database.csv").write_text("\n".join(lines) + "\n")
    (folder / "scp_statements.csv").write_text(
        ",description,diagnostic,form,rhythm,diagnostic_class\n"
        "NORM,normal,1.0,,,NORM\nIMI,inferior,1.0,,,MI\nNDT,non-diagnostic,1.0,1.0,,STTC\n"
        "LAFB,fascicular,1.0,,,CD\nLVH,hypertrophy,1.0,,,HYP\nSR,sinus,,,1.0,\n"
    )
    return folder


class PluginMaker:
    """Writes a module and the entry points that pip would have written for it."""

    def __init__(self, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._site, self._patch = site, monkeypatch

    def __call__(self, module: str, code: str, entry_points: str) -> None:
        from edgebench.core import registry

        info = self._site / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (self._site / f"{module}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        self._patch.syspath_prepend(str(self._site))
        self._patch.setenv("PYTHONPATH", f"{self._site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        registry._entry_points.cache_clear()


def edgebench(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "edgebench", *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, env={**os.environ, "COLUMNS": "120", **environment}, timeout=600,
    )  # fmt: skip


def edgebench_here(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process, which saves half a second for the start of another one."""
    from edgebench.cli import app, console

    words, out, err = ["edgebench", *map(str, arguments)], io.StringIO(), io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr("sys.argv", words)
        if cwd:
            patch.chdir(cwd)
        for name, value in {"COLUMNS": "120", **environment}.items():
            patch.setenv(name, value)
        for one in (console.out, console.err):  # made when they were imported, maybe under another COLUMNS
            patch.setattr(one, "_width", int(os.environ["COLUMNS"]))
        try:
            with pytest.raises(SystemExit) as ended:
                app.main()
        finally:
            signal.signal(signal.SIGTERM, before)
    return subprocess.CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), err.getvalue())


def refused(given: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error, without `error: `, of a command line that exits with 2 and shows nothing else."""
    from edgebench.cli import app

    monkeypatch.setattr("sys.argv", ["edgebench", *given.split()])
    with pytest.raises(SystemExit) as ended:
        app.main()
    shown = capsys.readouterr()
    assert ended.value.code == 2, shown
    assert shown.out == "" and shown.err.count("\n") == 1 and shown.err.startswith("error: "), shown
    assert not any(word in shown.err for word in LIBRARY_WORDS)
    return shown.err.removeprefix("error: ").rstrip("\n")


def lines_of(path: Path) -> list[dict[str, object]]:
    """A file of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


QUICK = Measuring(processes=2, warmup=1, min_samples=5, min_seconds=0.0, timeout_s=120)


def quick(exported: Path, *exporters: str, **overrides: object) -> Plan:
    """Measure artifacts that exist, briefly."""
    paths = tuple(exported / name for name in exporters)
    fields = {"artifacts": paths, "targets": ("host",), "limit": 24, "threads": 1, "measuring": QUICK, **overrides}
    return load(None, fields | {"measuring": vars(fields["measuring"])})


class StopAfter(ProgressReporter):
    """Presses Ctrl-C after some jobs of a stage."""

    def __init__(self, stage: str, steps: int) -> None:
        self._stage, self._left, self._now = stage, steps, ""

    def stage(self, name: str, total: int) -> None:
        self._now = name

    def step(self, text: str = "") -> None:
        if self._now == self._stage:
            self._left -= 1
            if not self._left:
                raise KeyboardInterrupt
