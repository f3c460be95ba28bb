"""What is seen while a run is at work, on terminals of several widths and on none."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
import snapshots
from flat_rows import measurement
from rich.console import Console
from sample_records import ARTIFACT

from edgebench.cli.live_view import OF_EXPORT, Live, clock_text
from edgebench.core.contracts import Outcome
from edgebench.core.measurements import Measurement
from edgebench.core.progress import EXPORT


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def row(exporter: str, status: str = "ok", reason: str = "") -> Measurement:
    values = {"latency_p50_s": 0.00173, "macro_f1": 0.7452, "verdict": "noisy"} if status == "ok" else {}
    return measurement(
        run="r",
        model="resnet1d",
        variant="none",
        exporter=exporter,
        target="host",
        status=status,
        reason=reason,
        **values,
    )


def screen(live: Live, width: int) -> list[str]:
    """The lines that are in sight now."""
    plain = Console(file=io.StringIO(), width=width, color_system=None)
    with plain.capture() as caught:
        plain.print(live.render())
    return caught.get().splitlines()


def numbers(line: str) -> list[float]:
    """The numbers that stand alone in a line."""
    return [float(found) for found in re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-])", line)]


def test_machines_have_a_line_each_while_they_work() -> None:
    live = Live(Console(file=io.StringIO(), width=60, height=16, force_terminal=True))
    for number in range(6):
        live.machine(f"board-{number}", f"measure latency, {number} of 9")
    live.machine("board-1", "")
    lines = [line.rstrip() for line in screen(live, 60) if "board" in line]
    assert [line.split()[0] for line in lines] == ["board-0", "board-2", "board-3", "board-4"]
    assert screen(live, 60)[-1].split()[1] == "1", "the others are counted"
    live.machine("board-0", "\x1b[31m" + "x" * 100)
    assert all(len(line) <= 60 and "\x1b" not in line for line in screen(live, 60))


def at_work(width: int) -> tuple[Live, Clock]:
    """A run with four cells: two have ended, one is being timed."""
    clock = Clock()
    live = Live(Console(file=io.StringIO(), width=width, force_terminal=True), clock=clock)
    live.stage("export and check", 1)
    live.built("resnet1d onnx", Outcome("ok", result=replace(ARTIFACT, file_size_bytes=5_550_000)))
    live.step("resnet1d none onnx")
    live.outline(4, {"measure memory": 2, "measure latency": 4})
    live.cell(row("qnnpack-int8", "unsupported", "another engine"))
    live.stage("measure memory", 2)
    for _ in range(2):
        clock.now += 2
        live.step()
    live.stage("measure latency", 4)
    live.begin("resnet1d onnx on host: latency, process 1 of 2")
    clock.now += 2
    live.step("resnet1d onnx on host: latency, process 1 of 2")
    live.cell(row("onnx"))
    live.begin("resnet1d onnx-int8 on host: latency, process 1 of 2")
    return live, clock


@pytest.mark.parametrize("width", [50, 80, 120])
def test_cells_time_and_the_last_result_are_in_sight(width: int) -> None:
    lines = screen(at_work(width)[0], width)
    assert all(len(line) <= width for line in lines)
    assert len(lines) == 6, "no line is folded"
    assert numbers(lines[3])[:3] == [2, 1, 1], "done, not measured, running"
    assert "resnet1d onnx-int8 on host" in lines[4]
    assert "resnet1d onnx on host" in lines[5] and "1.73 ms" in lines[5]
    if width >= 80:
        assert "0.745" in lines[5] and "noisy" in lines[5]
    snapshots.check(f"live-{width}", "\n".join(lines[3:]))


def test_the_time_left_counts_stages_that_are_to_come() -> None:
    clock = Clock()
    live = Live(Console(file=io.StringIO(), width=80), clock=clock)
    assert live.left_s() is None
    live.outline(2, {"measure memory": 2, "measure latency": 6})
    live.stage("measure memory", 2)
    assert live.left_s() is None, "no step has ended"
    clock.now += 10
    live.step()
    assert live.left_s() == pytest.approx(70)  # one here, six there
    clock.now += 20
    live.step()
    assert live.left_s() == pytest.approx(90)
    live.stage("measure latency", 6)
    assert live.left_s() == pytest.approx(90)
    clock.now += 2
    live.step()
    assert live.left_s() == pytest.approx(10), "this stage's own pace, as its bar has it"


def test_before_all_is_built_the_cells_are_counted_and_no_time_is_told() -> None:
    clock = Clock()
    live = Live(Console(file=io.StringIO(), width=80, force_terminal=True), clock=clock)
    live.outline(4, {})
    live.stage("export and check", 2)
    live.begin("resnet1d onnx: export and check")
    clock.now += 5
    live.step("resnet1d onnx: export and check")
    live.begin("resnet1d eager: export and check")
    assert live.left_s() is None
    counts, now = screen(live, 80)[1:]
    assert numbers(counts) == [0, 4] and "resnet1d eager" in now, "done and to come, and no time"
    live.outline(2, {"measure memory": 2})
    live.stage("measure memory", 2)
    clock.now += 1
    live.step()
    assert live.left_s() == pytest.approx(1), "what an export took says nothing of the rest"


def test_from_the_exports_on_the_whole_run_is_estimated() -> None:
    clock = Clock()
    live = Live(Console(file=io.StringIO(), width=80), clock=clock)
    live.outline(4, {EXPORT: 2, "measure memory": 2, "measure latency": 6})
    live.stage(EXPORT, 2)
    clock.now += 6
    live.step("resnet1d onnx: export and check")
    assert live.left_s() == pytest.approx(6 + 8 * 6 / OF_EXPORT), "another export, and steps that are shorter"
    live.step("resnet1d eager: export and check")
    live.outline(2, {"measure memory": 2, "measure latency": 2})
    live.stage("measure memory", 2)
    assert live.left_s() == pytest.approx(4 * 6 / OF_EXPORT), "until a step of a later stage is done"


def test_nobody_watches_and_each_finished_job_has_a_line_with_the_time_left() -> None:
    clock = Clock()
    plain = Console(file=io.StringIO(), width=80)
    live = Live(plain, clock=clock)
    live.outline(2, {"measure memory": 2, "measure latency": 6})
    live.stage("measure memory", 2)
    clock.now += 10
    live.step("resnet1d onnx on host: memory")
    live.step("resnet1d eager on host: memory")  # kept by a resume
    _, line = plain.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert line.startswith("resnet1d onnx on host: memory ") and numbers(line)[-3:] == [1, 2, 70]


def test_what_a_resume_finds_done_tells_nothing_of_the_time_left() -> None:
    clock = Clock()
    live = Live(Console(file=io.StringIO(), width=80), clock=clock)
    live.outline(10, {"measure memory": 10})
    live.stage("measure memory", 10)
    for _ in range(8):
        live.step("kept")
    clock.now += 60
    live.step()
    assert live.left_s() == pytest.approx(60)


def test_of_other_machines_no_time_is_told() -> None:
    clock = Clock()
    live = Live(Console(file=io.StringIO(), width=80, force_terminal=True), clock=clock)
    live.outline(4, {"measure memory": 2}, 2)
    live.stage("measure memory", 2)
    clock.now += 30
    live.step()
    assert numbers(screen(live, 80)[-1]) == [0, 0, 4, 30], "done, running, to come, and seconds"
    live.stage("pi: measure latency", 8)
    clock.now += 30
    live.step()
    assert live.left_s() is None


def test_a_stage_tells_how_long_it_took_and_will_take() -> None:
    live = Live(Console(file=io.StringIO(), width=80, force_terminal=True))
    live.stage("read the records", 1)
    live.step()
    live.stage("measure memory", 2)
    first, second = screen(live, 80)
    assert numbers(first) == [1, 1, 0] and numbers(second) == [0, 2, 0], "done of all, and seconds"


def test_before_a_run_is_planned_there_are_bars_alone() -> None:
    live = Live(Console(file=io.StringIO(), width=80, force_terminal=True))
    live.stage("read the records", 1)
    assert [line[:16] for line in screen(live, 80)] == ["read the records"]


def test_of_finished_stages_nothing_stays_where_it_should_not() -> None:
    live = Live(Console(file=io.StringIO(), width=80, force_terminal=True), keep=False)
    live.stage("epoch 1", 2)
    live.stage("epoch 2", 2)
    assert [line[:7] for line in screen(live, 80)] == ["epoch 2"]


@pytest.fixture(params=["pipe", "dumb"])
def plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Console:
    """A file, and a terminal that cannot move its cursor."""
    if request.param == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    return Console(file=io.StringIO(), width=80, force_terminal=request.param == "dumb")


def test_elsewhere_there_is_a_line_a_stage_and_what_went_wrong(plain: Console) -> None:
    with Live(plain) as live:
        live.stage("measure latency", 2)
        live.outline(2, {})
        live.step("x")
        live.cell(row("onnx", "failed", "latency: [out] of memory"))
        live.cell(row("onnx"))
    assert isinstance(plain.file, io.StringIO)
    stage, failed, measured = plain.file.getvalue().splitlines()
    assert "measure latency" in stage and numbers(stage) == [2]
    assert all(part in failed for part in ("resnet1d onnx on host", "failed", "latency: [out] of memory"))
    assert all(part in measured for part in ("resnet1d onnx on host", "1.73 ms", "0.745", "noisy"))
    assert numbers(measured)[-2:] == [2, 2], "of all cells"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (45, "45 s"), (89, "89 s"), (100, "2 min"), (3540, "59 min"), (4800, "1 h 20 min")],
)
def test_times_are_as_people_say_them(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_a_name_is_no_markup() -> None:
    plain = Console(file=io.StringIO(), width=80)
    Live(plain).stage("read [/] of [red]x", 2)
    assert plain.file.getvalue().startswith("read [/] of [red]x")  # type: ignore[attr-defined]
