"""Measurements by their parts and columns, and which of them may share a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench.core.measurements import Measurement, Run, by_machine
from edgebench.pipeline.run_store import merged


def test_a_script_reads_columns_by_name() -> None:
    row: Any = OK
    assert (row.latency_p50_s, row.macro_f1, row.model) == (0.0021, 0.7, "resnet1d")
    assert row.energy_j is None, "a part that was not measured"
    with pytest.raises(AttributeError, match="latency_p51_s"):
        _ = row.latency_p51_s


def planned(rows: tuple[Measurement, ...], **plan: Any) -> Run:
    return replace(run_of(*rows), plan=plan)


@pytest.mark.parametrize(
    ("plan", "left"),
    [
        ({"models": ["a", "b"], "variants": ["none"], "exporters": ["x", "y"], "targets": ["host", "pi"]}, 2 * 4 - 1),
        ({"artifacts": ["x", "y", "z"], "targets": ["host"], "models": ["a"]}, 3 - 1),
        ({"models": ["a"], "variants": ["none"], "exporters": ["x"], "targets": ["host"]}, 0),
        ({}, 0),
    ],
)
def test_cells_that_have_no_row_yet_are_counted(plan: dict[str, Any], left: int) -> None:
    assert planned((OK,), **plan).unmeasured == left


def test_a_merged_run_lacks_what_its_parts_lack() -> None:
    plan = {"models": ["a"], "variants": ["none"], "exporters": ["x", "y"], "targets": ["host"]}
    one, other = planned((OK,), **plan), replace(planned((changed(OK, run="s"),), **plan), name="s")
    assert merged([one, other]).unmeasured == 1 + 1


def test_the_environment_is_that_of_the_machine_that_measured() -> None:
    there = changed(OK, host="a board")
    run = replace(run_of(OK, there), environment={"cpu": "here"}, devices={"a board": {"cpu": "there"}})
    assert [run.environment_of(m)["cpu"] for m in (OK, there)] == ["here", "there"]
    other = replace(run_of(changed(OK, run="s")), name="s", environment={"cpu": "elsewhere"})
    both = merged([run, other])
    assert [both.environment_of(m)["cpu"] for m in both.measurements] == ["here", "there", "elsewhere"]
    assert both.part_of(other.measurements[0]) is other and run.part_of(OK) is run


def names(*rows: Measurement) -> list[str]:
    return [name for name, _ in by_machine(run_of(*rows))]


def test_scores_of_other_records_never_stand_in_one_table() -> None:
    short = changed(OK, run="s", exporter="eager", records=24)
    assert names(OK, short) == ["a machine, run r", "a machine, run s"]
    assert names(OK, changed(short, records=240)) == ["a machine"]
    failing = changed(failed("bad", "it broke"), run="s")
    assert names(OK, failing) == ["a machine"], "no scores, nothing to mix"


def test_machines_and_datasets_have_a_table_each() -> None:
    assert names(OK, changed(OK, host="a board")) == ["a board", "a machine"]
    assert names(OK, changed(OK, dataset="others")) == ["a machine, demo (synthetic)", "a machine, others"]


def on_one_machine(*measuring: Mapping[str, Any], folders: tuple[str, ...] = ("r", "s")) -> list[str]:
    """The tables of two runs with these settings of measuring, each with a cell of its own."""
    runs = [
        replace(
            run_of(changed(OK, run=Path(folder).name, exporter=folder)), name=Path(folder).name, folder=Path(folder),
            plan={"targets": ["host"], "measuring": settings},
        )
        for settings, folder in zip(measuring, folders, strict=True)
    ]  # fmt: skip
    return [name for name, _ in by_machine(merged(runs))]


@pytest.mark.parametrize(
    ("measuring", "tables"),
    [({"processes": 3, "timeout_s": 9.0}, 1), ({"processes": 3, "batches": []}, 1), ({"processes": 4}, 2)],
)
def test_only_what_changes_a_number_parts_runs(measuring: dict[str, Any], tables: int) -> None:
    assert len(on_one_machine({"processes": 3}, measuring)) == tables


def test_runs_of_one_name_are_told_apart() -> None:
    tables = on_one_machine({"processes": 3}, {"processes": 9}, folders=("r", "elsewhere/r"))
    assert tables == ["a machine, run r", "a machine, run r (2)"]


def test_a_cell_that_two_runs_have_stands_in_two_tables() -> None:
    again = replace(run_of(changed(OK, run="s", latency_p50_s=0.009)), name="s")
    assert [name for name, _ in by_machine(merged([run_of(OK), again]))] == ["a machine, run r", "a machine, run s"]
