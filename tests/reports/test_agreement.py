"""All formats tell the same of the same cells, whatever runs they come from."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from decisions import cells
from flat_rows import changed
from hypothesis import given, settings
from hypothesis import strategies as st
from report_rows import text_of

from edgebench.core.measurements import Measurement, Run, by_machine
from edgebench.pipeline.run_store import merged

MARKS = {"True": True, "False": False, "": None}


@st.composite
def merged_runs(draw: st.DrawFn) -> Run:
    """One to three runs of one or two machines, of which some have the same cells and some were made otherwise."""
    runs = []
    for number in range(draw(st.integers(1, 3))):
        host, threads = draw(st.sampled_from("ab")), draw(st.sampled_from((1, 2)))
        own = str(number) if draw(st.booleans()) else ""
        datasets = draw(st.sampled_from((("records",), ("others",), ("records", "others"))))
        rows = [
            changed(
                m, run=f"r{number}", host=host, exporter=m.cell.exporter + own, dataset=draw(st.sampled_from(datasets))
            )
            for m in draw(cells(4, emulated=None))
        ]
        environment = {"target_threads": {"host": threads}, "packages": {}}
        plan = {"targets": ["host"], "measuring": {}}
        runs.append(Run(f"r{number}", Path(f"r{number}"), plan, environment, tuple(rows)))
    return runs[0] if len(runs) == 1 else merged(runs)


@settings(max_examples=150, deadline=None)
@given(merged_runs())
def test_formats_agree_and_tables_have_what_fits_together(run: Run) -> None:
    """Both are looked at in the same runs: to draw these takes the time."""
    csv_and_json_agree_on_the_front(run)
    every_cell_is_in_one_table_with_none_that_was_made_otherwise(run)


def csv_and_json_agree_on_the_front(run: Run) -> None:
    page = json.loads(text_of("json", run))
    told = {
        (m["run"], m["host"], m["id"], m["dataset"]): m["pareto"]
        for machine in page["machines"]
        for m in machine["measurements"]
    }
    lines = list(csv.DictReader(io.StringIO(text_of("csv", run))))
    assert len(lines) == len(run.measurements) == len(told)
    by_row = {(m.run, m.host, m.cell.id, m.dataset): m for m in run.measurements}
    for line in lines:
        key = next(k for k, m in by_row.items() if _line(m) == _named(line))
        assert MARKS[line["pareto"]] == told[key]


def _line(m: Measurement) -> tuple[str, ...]:
    return m.run, m.host, m.cell.model, m.cell.variant, m.cell.exporter, m.cell.target, m.dataset


def _named(line: dict[str, str]) -> tuple[str, ...]:
    return tuple(line[k] for k in ("run", "host", "model", "variant", "exporter", "target", "dataset"))


def every_cell_is_in_one_table_with_none_that_was_made_otherwise(run: Run) -> None:
    groups = by_machine(run)
    assert sorted(map(_line, (m for _, rows in groups for m in rows))) == sorted(map(_line, run.measurements))
    assert len({name for name, _ in groups}) == len(groups), "a name each"
    for _, rows in groups:
        assert len({m.host for m in rows}) == len({m.dataset for m in rows}) == 1
        assert len({m.cell.id for m in rows}) == len(rows), "no cell twice"
        timed = [m for m in rows if m.status == "ok"]
        threads = {(m.cell.target, run.environment_of(m)["target_threads"].get(m.cell.target)) for m in timed}
        assert len(threads) == len({target for target, _ in threads}), "one number of threads a target"
