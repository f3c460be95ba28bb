"""Progress reporters, standard library only: lines of text, JSON lines for another machine, and their replay."""

from __future__ import annotations

import json
import sys
from typing import Any

from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.measurements import Measurement
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import readable
from edgebench.remote.messages import Event


class PlainLines(ProgressReporter):
    """A line a stage and a line a note, on standard error."""

    def stage(self, name: str, total: int) -> None:
        """Which stage begins."""
        print(readable(f"{name} ({total})"), file=sys.stderr, flush=True)

    def cell(self, measurement: Measurement) -> None:
        """Print only failures."""
        if measurement.status in ("failed", "timeout"):
            m = measurement
            self.note(f"{m.cell.label}: {m.status}: {m.reason}")

    def note(self, text: str) -> None:
        """A line."""
        print(readable(text), file=sys.stderr, flush=True)


class JsonLines(ProgressReporter):
    """One JSON object a line on standard output, for the machine that asked for the run."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        self._send(event="stage", name=name, total=total)

    def begin(self, text: str) -> None:
        """A step begins."""
        self._send(event="begin", text=text)

    def step(self, text: str = "") -> None:
        """A step is done."""
        self._send(event="step", text=text)

    def detail(self, text: str) -> None:
        """How far a long step is."""
        self._send(event="detail", text=text)

    def cell(self, measurement: Measurement) -> None:
        """A cell has ended."""
        m = measurement
        self._send(event="cell", text=f"{m.cell.label}: {m.status}", reason=m.reason)

    def note(self, text: str) -> None:
        """Something to know."""
        self._send(event="note", text=text)

    def built(self, artifact: str, outcome: Outcome[Artifact]) -> None:
        """A device builds nothing."""

    def failed(self, text: str) -> None:
        """The error that ends the run."""
        self._send(event="error", text=text)

    def _send(self, **event: Any) -> None:
        print(json.dumps(event), flush=True)


def replay(event: Event, listener: ProgressReporter, where: str = "") -> None:
    """Pass an event of another machine to a reporter of this one; events of a later version are skipped."""
    before = f"{where}: " if where else ""
    match event.event:
        case "stage":
            listener.stage(f"{before}{event.name}", event.total)
        case "begin":
            listener.begin(event.text)
        case "step":
            listener.step(event.text)
        case "detail":
            listener.detail(event.text)
        case "note":
            listener.note(f"{before}{event.text}")
