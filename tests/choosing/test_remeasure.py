"""Undecided cells are measured again, in turns with the baseline's artifacts where those are at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import edgebench
from edgebench.choosing import baselines, gate, remeasure
from edgebench.core.measurements import Run
from edgebench.core.settings import Bounds

QUICK = {"processes": 2, "min_samples": 5, "min_seconds": 0.0, "warmup": 1}
LOOSE = Bounds(slowdown=1000.0)
"""However busy the machine is that runs the tests."""


@pytest.fixture(scope="module")
def measured(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("gate") / "run"
    return edgebench.measure([exported / "onnx"], folder, limit=4, threads=1, measuring=QUICK)


def disturbed(run: Run) -> Run:
    """The run as one that others disturbed, so that it is no baseline."""
    (m,) = run.measurements
    assert m.latency is not None
    steadiness = replace(m.latency.steadiness, verdict="noisy", background_cores=1.7)
    return replace(run, measurements=(replace(m, latency=replace(m.latency, steadiness=steadiness)),))


def test_in_turns_with_the_baselines_artifacts(measured: Run) -> None:
    old = disturbed(measured)
    pairs, findings = gate.regressions(measured, old, LOOSE)
    assert [f.kind for f in findings] == ["undecided"]
    now, left = remeasure.again(pairs, findings, measured, old, LOOSE, 1)
    assert left == [] and now[0].new.cell == measured.measurements[0].cell
    assert now[0].latency is not None and now[0].latency != pairs[0].latency
    assert now[0].new.latency != measured.measurements[0].latency, "fresh times"
    assert now[0].old.latency is not None and now[0].old.latency.steadiness.background_cores != 1.7


def test_a_baseline_without_artifacts_stays_what_it_was(measured: Run, tmp_path: Path) -> None:
    baselines.write_baseline(disturbed(measured), tmp_path / "b.json")
    old = baselines.baseline(tmp_path / "b.json")
    pairs, findings = gate.regressions(measured, old, LOOSE)
    now, left = remeasure.again(pairs, findings, measured, old, LOOSE, 1)
    assert [f.kind for f in left] == ["undecided"], "nobody knows how fast it was"
    assert now[0].new.latency != measured.measurements[0].latency


def test_what_cannot_be_measured_keeps_its_finding(measured: Run, tmp_path: Path) -> None:
    old = disturbed(measured)
    gone = replace(measured, folder=tmp_path / "gone")
    pairs, findings = gate.regressions(measured, old, LOOSE)
    assert remeasure.again(pairs, findings, gone, old, LOOSE, 3) == (pairs, findings)
