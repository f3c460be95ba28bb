"""Which processes measure memory; tests/pipeline/test_quick_runs.py has the usual quick run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgebench import api
from edgebench.core.contracts import Job, Outcome
from edgebench.isolation.jobs import run_job
from edgebench.pipeline import schedule


def test_memory_has_a_process_of_its_own_where_a_timed_one_fails(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one(job: Job, *rest: Any) -> Outcome[Any]:
        return Outcome("failed", "no time today") if job.kind == "latency" else run_job(job, *rest)

    monkeypatch.setattr(schedule, "run_job", one)
    run = api.measure(exported / "onnx", tmp_path / "run", quick=True, targets=("host", "arm-qnnpack"), limit=8)
    found = {m.cell.target: m for m in run.measurements}
    assert (found["host"].status, found["host"].memory) == ("failed", None)
    assert found["arm-qnnpack"].status == "ok" and found["arm-qnnpack"].memory is not None
