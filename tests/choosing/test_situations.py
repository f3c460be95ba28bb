"""Choices that were once wrong, with what an engineer would sign; and the same answer everywhere."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from decisions import CELL, cell, only, run_of
from flat_rows import changed
from helpers import edgebench_here
from report_rows import text_of
from rich.console import Console

import edgebench
from edgebench.choosing import pareto
from edgebench.choosing.policies import judged_by
from edgebench.choosing.recommendation import recommend
from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy
from edgebench.core.serialization import to_dict, to_json
from edgebench.reports import terminal

FP32 = cell("onnx", 0.010, 0.0095, 0.0105, 4_000_000, 80_000_000, 0.781)
PRUNED = changed(
    FP32, exporter="onnx-int8", variant="structured-0.9", latency_p50_s=0.001, latency_p50_low_s=0.0009,
    latency_p50_high_s=0.0011, file_size_bytes=200_000, macro_f1=0.334, macro_f1_low=0.30, macro_f1_high=0.37,
    delta_macro_f1=-0.447, delta_low=-0.48, delta_high=-0.41,
)  # fmt: skip
INT8 = cell("onnx-int8", 0.004, 0.0038, 0.0042, 1_100_000, 75_000_000, 0.779)
SAME = {"delta_macro_f1": 0.0, "delta_low": 0.0, "delta_high": 0.0}


def fp32(m: Measurement) -> Measurement:
    return changed(m, **SAME)


@pytest.mark.parametrize("prefer", ["latency", "size", "memory", "balanced"])
def test_a_pruned_network_that_lost_too_much_is_never_shipped(prefer: str) -> None:
    policy = Policy(prefer=prefer)  # type: ignore[arg-type]
    int8 = changed(INT8, delta_macro_f1=-0.002, delta_low=-0.004, delta_high=0.001)
    assert only(recommend(run_of([fp32(FP32), PRUNED, int8]), policy)).chosen == int8
    assert only(recommend(run_of([fp32(FP32), PRUNED]), policy)).chosen == fp32(FP32)
    assert only(recommend(run_of([PRUNED]), policy)).chosen is None
    alone = [changed(m, delta_macro_f1=None, delta_low=None, delta_high=None) for m in (FP32, PRUNED)]
    assert only(recommend(run_of(alone), policy)).chosen == alone[0], "also without an fp32 network to compare with"


def test_the_reports_and_the_command_line_say_the_same(tmp_path: Path) -> None:
    rows = [fp32(FP32), PRUNED, changed(INT8, delta_macro_f1=-0.002, delta_low=-0.004, delta_high=0.001)]
    for policy in (Policy(), Policy(prefer="score"), Policy(max_drop=0.001)):
        folder = tmp_path / f"{policy.prefer}{policy.max_drop}"
        folder.mkdir()
        plan = {"targets": ["host"], "policy": to_dict(policy)}
        (folder / "plan.json").write_text(json.dumps({"plan": plan, "inputs": {}}))
        (folder / "environment.json").write_text("{}")
        (folder / "measurements.jsonl").write_text("".join(to_json(m) + "\n" for m in rows))
        one = only(edgebench.recommend(folder))
        assert one.chosen is not None and one.policy == policy
        html, report = (edgebench.report([folder], (form,))[0] for form in ("html", "json"))
        (machine,) = json.loads(report.read_text())["machines"]
        (told,) = machine["recommendations"]
        assert (told["chosen"], told["why"], told["policy"]) == (one.chosen.cell.id, one.why, to_dict(policy))
        (shown,) = re.findall(r"<h3><span.*?</span> ([^<]+)</h3>", html.read_text())
        assert shown == f"net {one.chosen.cell.exporter}"
        said = edgebench_here("recommend", folder).stdout
        assert f"ship     net {one.chosen.cell.name}\n" in said
        by_flags = edgebench.recommend(folder, policy=Policy(), prefer=policy.prefer, max_drop=policy.max_drop)
        assert only(by_flags).chosen == one.chosen


def test_on_an_emulated_board_eight_times_the_memory_outweighs_a_file_of_93_percent() -> None:
    pi = {"target": "pi", "emulated": True, "verdict": "emulated"}
    small = changed(cell("qnnpack", 0.01, 0.01, 0.01, 930_000, 560_000_000, 0.776), **pi)
    light = changed(cell("onnx-int8", 0.01, 0.01, 0.01, 1_000_000, 70_000_000, 0.779), **pi)
    run = run_of([changed(m, delta_macro_f1=-0.002) for m in (small, light)])
    answer = only(recommend(run))
    assert answer.chosen is not None and answer.chosen.cell.exporter == "onnx-int8"
    assert answer.why.startswith("Latency unknown: measure on the device")
    assert [line.split()[1] for line in answer.measure_there] == ["bundle", "measure"]
    assert "930 kB" in answer.why or "0.93 MB" in answer.why, "it says what was given up"


def test_one_percent_of_the_file_earns_no_star_at_forty_times_the_latency() -> None:
    small = cell("small", 0.040, 0.039, 0.041, 990_000, 75_000_000, 0.780)
    fast = cell("fast", 0.001, 0.0009, 0.0011, 1_000_000, 75_000_000, 0.780)
    rows = [fp32(small), fp32(fast)]
    assert pareto.front(rows, Policy()) == {rows[1].cell.id}
    assert pareto.front([changed(rows[0], file_size_bytes=940_000), rows[1]], Policy()) == {m.cell.id for m in rows}


def test_what_lost_too_much_has_the_word_in_every_report_and_no_star() -> None:
    run = run_of([fp32(FP32), PRUNED])
    assert pareto.front(run.measurements, Policy()) == {FP32.cell.id}
    assert PRUNED.cell.id in pareto.front(run.measurements, Policy(max_drop=0.5))
    console = Console(file=io.StringIO(), width=120)
    terminal.show(run, console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert re.search(r"^ *lost +onnx-int8", shown, re.M)
    assert re.search(r"structured-0.9.*\| lost +\|$", text_of("md", run), re.M)
    (machine,) = json.loads(text_of("json", run))["machines"]
    assert {m["exporter"]: (m["lost"], m["pareto"]) for m in machine["measurements"]} == {
        "onnx": (False, True), "onnx-int8": (True, False)
    }  # fmt: skip
    loose = judged_by(run, Policy(max_drop=0.5))
    assert "lost" not in text_of("md", loose).replace("closed", ""), "another policy, other words"


def test_a_difference_within_the_tolerance_does_not_outweigh_a_large_one() -> None:
    """3 % of the preferred metric against four times another one."""
    one = fp32(cell("one", 0.010, 0.0095, 0.0105, 970_000, 80_000_000, 0.780))
    two = fp32(cell("two", 0.010, 0.0095, 0.0105, 1_000_000, 20_000_000, 0.780))
    assert only(recommend(run_of([one, two]), Policy(prefer="size"))).chosen == two
    slower = changed(one, latency_p50_s=0.0097)
    assert only(recommend(run_of([slower, two]))).chosen == two


def test_errors_may_grow_by_five_percent(tmp_path: Path) -> None:
    from edgebench.core.results import Score, Scores
    from edgebench.tasks import regression

    mae = regression.TASK.metrics(1, "%")[0]

    def scored(name: str, value: float) -> Measurement:
        one = Score(mae, value, value - 0.1, value + 0.1, value - 4.0, value - 4.1, value - 3.9)
        m = changed(CELL, exporter=name, latency_p50_s=10 / value**5, latency_p50_low_s=0.001)
        return replace(m, scores=Scores(60, (one,)))

    rows = [scored("fp32", 4.0), scored("good", 4.19), scored("bad", 4.21)]
    answer = only(recommend(run_of(rows)))
    assert answer.chosen == rows[1] and list(answer.excluded.values()) == [1]
    assert only(recommend(run_of(rows), Policy(max_drop=0.21))).chosen == rows[2]
