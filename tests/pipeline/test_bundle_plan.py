"""The plan of a bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundle_makers import RECORDS, contents
from helpers import edgebench_here

from edgebench.core import flat_row, registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import PlanError
from edgebench.core.policy import Policy
from edgebench.core.target_profiles import find
from edgebench.measuring import environment
from edgebench.pipeline import bundle_plan, run_store
from edgebench.pipeline import records as run_records
from edgebench.remote.bundles import writing


def test_it_comes_back_as_it_went(tmp_path: Path) -> None:
    made = contents(tmp_path / "made")
    writing.write(made, tmp_path / "x.bundle")
    plan = bundle_plan.load(tmp_path / "x.bundle", {"limit": 4, "measuring": {"processes": 5}}).measure
    assert (plan.threads, plan.seed, plan.limit, plan.measuring.processes) == (2, 7, 4, 5)
    assert (plan.policy, plan.measuring.preset) == (Policy(prefer="size"), "")
    looked = bundle_plan.load(tmp_path / "x.bundle", {"measuring": {"quick": True}}).measure
    assert (looked.limit, looked.measuring.quick, looked.measuring.processes) == (100, True, 1)
    machine = environment.machine()
    board = find(plan.targets[1], machine)
    assert plan.targets[0] == "host" and board == made.targets[1]
    records = registry.dataset("bundle").load(DataRequest("test", plan.data_dir))
    assert made.records and run_records.identity(records) == run_records.identity(made.records)
    assert (records.label, len(records), records.classes) == ("demo (synthetic)", RECORDS, made.records.classes)
    assert np.array_equal(np.load(records.references[0].logits), made.references[0].logits)
    first = registry.dataset("bundle").load(DataRequest("test", plan.data_dir, limit=4))
    assert len(first) == len(np.load(first.input.path)) == 4 and np.array_equal(first.labels, records.labels[:4])


def test_a_plan_of_a_bundle_is_checked(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "x.bundle")
    for overrides, reason in (
        ({"measuring": {"processes": 0}}, "measuring.processes: "),
        ({"limit": 0}, "limit: "),
        ({"targets": ("nowhere",)}, "'nowhere'"), ({"colour": "red"}, "colour: "),
        ({"targets": ("board", "board")}, "'board'"),
    ):  # fmt: skip
        with pytest.raises(PlanError, match=reason):
            bundle_plan.load(tmp_path / "x.bundle", overrides)


BRIEF = ("--processes", "2", "--min-samples", "5", "--min-seconds", "0", "--threads", "1")


def flat_rows_of(run: Path) -> list[dict[str, object]]:
    return [flat_row.flatten(m) for m in run_store.read(run).measurements]


def test_the_whole_command_line_measures_it_too(packed: Path, tmp_path: Path) -> None:
    done = edgebench_here("measure", packed, "-o", tmp_path / "run", "--target", "arm-qnnpack", *BRIEF)
    assert done.returncode == 0, done.stderr
    rows = flat_rows_of(tmp_path / "run")
    assert {(r["target"], r["emulated"], r["status"]) for r in rows} == {("arm-qnnpack", True, "ok")}
    assert (tmp_path / "run" / "report.md").exists()


def test_a_bundle_among_others_is_refused(packed: Path, exported: Path, tmp_path: Path) -> None:
    done = edgebench_here("measure", packed, exported / "onnx", "-o", tmp_path / "run")
    assert (done.returncode, "a bundle is measured alone" in done.stderr) == (2, True)
