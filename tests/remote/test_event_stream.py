"""What one machine says of a run is what another one shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from report_rows import OK, failed

from edgebench.core.contracts import Outcome
from edgebench.core.progress import ProgressReporter
from edgebench.remote import messages
from edgebench.remote.event_stream import JsonLines, PlainLines, replay
from edgebench.remote.messages import Event

STEERING = "\x1b[31m\u202e\x07\udc80"
SHOWN = "\ufffd[31m\ufffd\ufffd\ufffd"


class Recorded(ProgressReporter):
    """The calls, by name."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def stage(self, name: str, total: int) -> None:
        self.calls.append(("stage", name, total))

    def begin(self, text: str) -> None:
        self.calls.append(("begin", text))

    def step(self, text: str = "") -> None:
        self.calls.append(("step", text))

    def detail(self, text: str) -> None:
        self.calls.append(("detail", text))

    def note(self, text: str) -> None:
        self.calls.append(("note", text))


def again(line: str, here: ProgressReporter) -> None:
    """Show a line of the other machine here."""
    found = messages.read(line.encode())
    if isinstance(found, Event):
        replay(found, here, "pi")


def test_a_run_elsewhere_is_reported_as_one_here(capsys: pytest.CaptureFixture[str]) -> None:
    there = JsonLines()
    there.stage("measure latency", 4)
    there.begin("resnet1d onnx")
    there.detail("3 of 9 samples")
    there.step("resnet1d onnx")
    there.note("it got hot")
    there.step()
    here = Recorded()
    for line in capsys.readouterr().out.splitlines():
        again(line, here)
    assert here.calls == [
        ("stage", "pi: measure latency", 4), ("begin", "resnet1d onnx"), ("detail", "3 of 9 samples"),
        ("step", "resnet1d onnx"), ("note", "pi: it got hot"), ("step", ""),
    ]  # fmt: skip


def test_cells_and_the_error_are_events_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Their rows are fetched, and the error ends the session: neither is replayed."""
    there = JsonLines()
    there.cell(failed("onnx", "it broke"))
    there.built("onnx", Outcome("ok"))
    there.failed("no such target\n")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events == [
        {"event": "cell", "text": "resnet1d onnx on host: failed", "reason": "it broke"},
        {"event": "error", "text": "no such target\n"},
    ]
    here = Recorded()
    for event in events:
        again(json.dumps(event), here)
    assert here.calls == []


@pytest.mark.parametrize("event", [{}, {"event": "of a later version", "text": "x"}, {"event": None}, {"text": "x"}])
def test_what_is_not_known_is_skipped(event: dict[str, Any]) -> None:
    here = Recorded()
    again(json.dumps(event), here)
    assert here.calls == []


def test_fields_that_are_missing_are_empty() -> None:
    here = Recorded()
    for name in ("step", "stage"):
        again(json.dumps({"event": name}), here)
    assert here.calls == [("step", ""), ("stage", "pi: ", 0)]


def test_plain_lines_are_stages_notes_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PlainLines()
    lines.stage("measure latency", 4)
    lines.step("resnet1d onnx")
    lines.cell(OK)
    lines.cell(failed("eager", "it broke"))
    lines.note("it got hot")
    shown = capsys.readouterr()
    assert shown.err.splitlines() == [
        "measure latency (4)", "resnet1d eager on host: failed: it broke", "it got hot",
    ] and not shown.out  # fmt: skip


def test_lines_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PlainLines()
    lines.stage(STEERING, 2)
    lines.cell(failed("onnx", STEERING))
    assert capsys.readouterr().err.splitlines() == [f"{SHOWN} (2)", f"resnet1d onnx on host: failed: {SHOWN}"]
    JsonLines().note(STEERING)
    assert capsys.readouterr().out.isascii(), "in JSON they are escaped"
