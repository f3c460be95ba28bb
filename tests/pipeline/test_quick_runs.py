"""Runs for a first look: what they leave out, and what says so."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flat_rows import value
from helpers import lines_of, refused
from rich.console import Console

from edgebench import api, reading
from edgebench.choosing import baselines, gate
from edgebench.core.errors import RunError
from edgebench.core.measurements import Run
from edgebench.pipeline import run_store
from edgebench.reports import terminal
from edgebench.reports.markdown import Markdown


@pytest.fixture(scope="module")
def looked(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two files on this machine and an emulated board, with four samples instead of twenty."""
    folder = tmp_path_factory.mktemp("quick") / "run"
    paths = [exported / "onnx", exported / "onnx-int8"]
    return api.measure(
        paths, folder, quick=True, targets=("host", "arm-qnnpack"), limit=8, threads=1, measuring={"min_samples": 4}
    )


def test_it_plans_little_work(looked: Run) -> None:
    jobs = [str(line["job"]) for line in lines_of(looked.folder / "journal.jsonl")]
    kinds = [job.partition("~")[0] for job in jobs]
    assert kinds.count("latency") == 2 and not any("arm-qnnpack" in job for job in jobs if job.startswith("latency"))
    assert "profile" not in kinds
    stored = run_store.stored_plan(looked.folder)
    assert (stored["measuring"]["preset"], stored["measuring"]["processes"], stored["limit"]) == ("quick", 1, 8)


def test_a_timed_process_tells_the_memory_of_equal_jobs(looked: Run) -> None:
    memory = {m.cell.target: m.memory for m in looked.measurements if m.cell.exporter == "onnx"}
    assert memory["host"] is not None and memory["host"] == memory["arm-qnnpack"]
    assert memory["host"].model_rss_bytes and memory["host"].runtime_rss_bytes
    keys = [str(line["job"]) for line in lines_of(looked.folder / "journal.jsonl")]
    of_host = [key for key in keys if key.endswith("~host") or "~host~" in key]
    for key in (key for key in of_host if key.startswith("memory")):
        assert of_host[of_host.index(key) + 1] == key.replace("memory", "latency") + "~0"


def test_each_row_says_so(looked: Run) -> None:
    for m in looked.measurements:
        assert m.status == "ok" and m.scores is not None
        if m.emulated:
            assert m.latency is None
        else:
            assert (value(m, "verdict"), value(m, "latency_p50_low_s")) == ("quick", None)
            assert value(m, "latency_samples") >= 4


def test_reports_and_the_recommendation_say_so(looked: Run) -> None:
    shown = io.StringIO()
    terminal.show(looked, Console(file=shown, width=80))
    for text in (shown.getvalue(), Markdown().render(looked)["report.md"]):
        assert "was quick" in text and "emulated" in text
    assert (looked.folder / "report.html").read_text().count("was quick") == 1
    (here,) = reading.recommend(looked.folder, "host")
    assert here.chosen is not None and "Its timing is quick" in here.why


def test_a_gate_compares_no_quick_latency(looked: Run, tmp_path: Path) -> None:
    _, found = gate.gate(looked.folder, looked.folder)
    assert {(f.kind, f.metric, f.cell.target) for f in found} == {("not comparable", "latency", "host")}
    assert gate.exit_code(found) == 4
    with pytest.raises(RunError, match="quick"):
        baselines.write_baseline(looked, tmp_path / "baseline.json")
    assert not (tmp_path / "baseline.json").exists()


def test_a_resume_knows_the_preset(looked: Run) -> None:
    before = lines_of(looked.folder / "journal.jsonl")
    paths = run_store.stored_plan(looked.folder)["artifacts"]
    kept: dict[str, Any] = {
        "artifacts": tuple(map(Path, paths)),
        "targets": ("host", "arm-qnnpack"),
        "limit": 8,
        "threads": 1,
    }
    again = api.run(None, looked.folder, resume=True, quick=True, measuring={"min_samples": 4}, **kept)
    assert len(again.measurements) == 4 and lines_of(looked.folder / "journal.jsonl") == before
    with pytest.raises(RunError, match="measuring"):
        api.run(None, looked.folder, resume=True, **kept)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("run --quick --thorough", "--thorough"),
        ("measure x.onnx --quick --thorough", "--thorough"),
        ("run --quick --steady 0.05", "--steady"),
        ("run --min-seconds 5 --max-seconds 1", "--max-seconds"),
    ],
)
def test_contradictory_flags_are_one_line(
    line: str, named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], exported: Path
) -> None:
    line = line.replace("x.onnx", str(exported / "onnx"))
    assert refused(line, monkeypatch, capsys).startswith(named)
