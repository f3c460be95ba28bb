"""The line of one of several machines."""

from __future__ import annotations

from edgebench.core.progress import ProgressReporter
from edgebench.pipeline.machine_progress import OfMachine


class Hear(ProgressReporter):
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.notes: list[str] = []

    def machine(self, name: str, doing: str) -> None:
        self.lines.append((name, doing))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def stage(self, name: str, total: int) -> None:
        raise AssertionError("the stages of one machine are none of the run")


def test_stages_and_steps_become_a_line() -> None:
    hear = Hear()
    one = OfMachine(hear, "board")
    one.stage("measure latency", 4)
    one.begin("onnx")
    one.step("onnx")
    one.begin("int8")
    one.note("hot")
    one.machine("inner", "works")
    assert hear.lines == [
        ("board", "measure latency, 0 of 4"), ("board", "measure latency, 0 of 4, onnx"),
        ("board", "measure latency, 1 of 4, int8"), ("inner", "works"),
    ]  # fmt: skip
    assert hear.notes == ["hot"]
