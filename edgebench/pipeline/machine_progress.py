"""The progress of one of several machines that work at the same time: a line for each, not a bar for each stage."""

from __future__ import annotations

from edgebench.core.progress import ProgressReporter


class OfMachine(ProgressReporter):
    """Passes on what a machine does as its line, and its notes as they are."""

    def __init__(self, reporter: ProgressReporter, name: str) -> None:
        self._reporter, self._name = reporter, name
        self._stage, self._done, self._total = "", 0, 0

    def stage(self, name: str, total: int) -> None:
        """A stage of the machine begins."""
        self._stage, self._done, self._total = name, 0, total
        self._say("")

    def begin(self, text: str) -> None:
        """A step begins there."""
        self._say(text)

    def step(self, text: str = "") -> None:
        """A step is done there."""
        self._done += 1

    def detail(self, text: str) -> None:
        """How far a long step is."""
        self._say(text)

    def note(self, text: str) -> None:
        """A line of its own."""
        self._reporter.note(text)

    def machine(self, name: str, doing: str) -> None:
        """What another machine does that this one is a part of."""
        self._reporter.machine(name, doing)

    def _say(self, text: str) -> None:
        count = f"{self._done} of {self._total}" if self._total else ""
        self._reporter.machine(self._name, ", ".join(filter(None, (self._stage, count, text))))
