"""Progress of a long job: the command line shows it, a script may ignore it."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.measurements import Measurement

EXPORT = "export and check"
"""Name of the stage that builds a run's artifacts."""


class ProgressReporter:
    """Reports nothing; override the methods of interest."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins; the one before has ended."""

    def outline(self, cells: int, steps: Mapping[str, int], remote_cells: int = 0) -> None:
        """A run has so many cells, `remote_cells` of them on other machines.

        `steps` are the stages ahead on this machine, each with its number of steps; before all is built they are what
        is expected, with the stage `EXPORT`.
        """

    def begin(self, text: str) -> None:
        """A step of the stage begins; `step` with the same text ends it."""

    def step(self, text: str = "") -> None:
        """One step of the stage is done; `text` says which."""

    def result(self, text: str) -> None:
        """The result of a step that is neither an artifact of a run nor a cell."""

    def detail(self, text: str) -> None:
        """How far the current step has come."""

    def progress(self, done: int, total: int) -> None:
        """Records read so far."""

    def built(self, artifact: str, outcome: Outcome[Artifact]) -> None:
        """An artifact was built, or not."""

    def cell(self, measurement: Measurement) -> None:
        """A cell has ended."""

    def machine(self, name: str, doing: str) -> None:
        """What another machine is doing; empty where it does nothing more."""

    def note(self, text: str) -> None:
        """Something that the user should know."""
