"""What a long job tells while it goes on; the command line shows it, a script may ignore it."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.measurements import Measurement


class ProgressReporter:
    """Hears nothing and says nothing; override what is of interest."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins; the one before has ended."""

    def outline(self, cells: int, steps: Mapping[str, int], elsewhere: int = 0) -> None:
        """A run has so many cells, `elsewhere` of them on other machines.

        `steps` are the stages that are to come here, each with its number of steps.
        """

    def begin(self, text: str) -> None:
        """A step of the stage begins; `step` with the same text ends it."""

    def step(self, text: str = "") -> None:
        """One step of the stage is done; `text` says which."""

    def result(self, text: str) -> None:
        """What came of a step, where that is neither an artifact of a run nor a cell."""

    def detail(self, text: str) -> None:
        """How far the step is that is at work."""

    def progress(self, done: int, total: int) -> None:
        """Records read so far."""

    def built(self, artifact: str, outcome: Outcome[Artifact]) -> None:
        """An artifact was built, or not."""

    def cell(self, measurement: Measurement) -> None:
        """A cell has ended."""

    def note(self, text: str) -> None:
        """Something that the user should know."""
