"""A run by its machines: what each table has, and what is recommended on each."""

from __future__ import annotations

from dataclasses import replace

from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench.pipeline import run_store
from edgebench.reports import machines


def test_runs_in_one_table_tell_the_threads_of_all_their_targets() -> None:
    one = replace(run_of(OK), environment={"packages": {}, "target_threads": {"host": 2}})
    rows = (changed(OK, run="s", target="pi"),)
    two = replace(one, name="s", measurements=rows, environment={"packages": {}, "target_threads": {"pi": 4}})
    (machine,) = machines.split(run_store.merged([one, two]))
    assert machine.environment["target_threads"] == {"host": 2, "pi": 4}
    other = replace(two, plan={"targets": ["pi"], "measuring": {"processes": 9}})
    assert len(machines.split(run_store.merged([one, other]))) == 2, "measured otherwise"


def test_a_table_has_its_own_front_settings_and_environment() -> None:
    worse = changed(OK, exporter="eager", latency_p50_s=0.009, latency_p50_low_s=0.008, latency_p50_high_s=0.01)
    emulated = changed(OK, target="pi", emulated=True, verdict="emulated")
    run = replace(
        run_of(worse, emulated, OK, failed("bad", "it broke")), environment={"cpu": "A processor"},
        plan={"targets": ["host"], "measuring": {"processes": 3}},
    )  # fmt: skip
    (machine,) = machines.split(run)
    assert (machine.name, machine.runs, machine.measuring) == ("a machine", ("r",), {"processes": 3})
    assert machine.environment == {"cpu": "A processor"}
    assert [(m.cell.exporter, machine.on_front(m)) for m in machine.rows] == [
        ("onnx", True), ("eager", False), ("bad", None), ("onnx", None),
    ]  # fmt: skip
    assert machine.measured == [m for m in machine.rows if m.cell.exporter != "bad"]


def test_a_front_is_that_of_one_machine() -> None:
    slower = changed(OK, host="a board", latency_p50_s=0.02, latency_p50_low_s=0.019, latency_p50_high_s=0.021)
    board, machine = machines.split(run_of(OK, slower))
    assert (board.name, board.stars, machine.stars) == ("a board", {slower.cell.id}, {OK.cell.id})


def test_the_facts_of_a_failed_cell_are_not_taken_where_another_was_measured() -> None:
    there = replace(run_of(changed(OK, run="s", exporter="x")), name="s", environment={"cpu": "there"})
    here = replace(run_of(failed("a", "it broke")), environment={"cpu": "here"})
    (machine,) = machines.split(run_store.merged([here, there]))
    assert machine.environment == {"cpu": "there"}


def test_without_an_fp32_network_there_is_a_recommendation_and_beyond_the_drop_none() -> None:
    alone = changed(OK, delta_macro_f1=None, delta_low=None, delta_high=None)
    (without,) = machines.split(run_of(alone))
    assert [a.chosen for a in machines.recommended(run_of(alone), without)] == [alone]
    lost = changed(OK, delta_macro_f1=-0.02, delta_low=-0.03, delta_high=-0.01)
    (poor,) = machines.split(run_of(lost))
    assert poor.lost(lost) and not poor.stars and poor.on_front(lost) is False
    assert [a.chosen for a in machines.recommended(run_of(lost), poor)] == [None]
