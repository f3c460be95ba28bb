"""Where the work of a run is done: on this machine, with devices over SSH, or on the machines of a fleet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from edgebench.artifacts.build import Build, build
from edgebench.core.cells import Target
from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.progress import ProgressReporter
from edgebench.remote import session
from edgebench.remote.bundles.writing import Contents
from edgebench.remote.session import Fetched

Done = Callable[[str, Outcome[Artifact]], None]


class Machines(Protocol):
    """The machines that a run's work is given to."""

    def elsewhere(self, target: Target) -> bool:
        """Whether another machine measures the cells of a target."""

    def check(self, target: Target, folder: Path) -> None:
        """Raise RemoteError where nobody can measure a target that is elsewhere; called before anything is built."""

    def boards(self, target: Target) -> int:
        """How many machines share the cells of a target."""

    def builders(self) -> int:
        """How many models' artifacts are built at the same time."""

    def build(self, asked: Build, done: Done, begun: Callable[[str], None]) -> None:
        """Build artifacts; see `artifacts.build.build`, whose `place` another machine need not follow."""

    def measure(
        self, target: Target, contents: Contents, run: Path, reporter: ProgressReporter,
        wanted: Callable[[Path], Sequence[str]], part: str,
    ) -> Fetched:  # fmt: skip
        """Measure a bundle of these contents on another machine, into `run`/devices/`part`; see `session.measure`."""


class Here:
    """This machine, which measures all but the targets of devices over SSH."""

    def elsewhere(self, target: Target) -> bool:
        """Whether the target's device is reached over SSH."""
        return bool(target.ssh)

    def check(self, target: Target, folder: Path) -> None:
        """Connect once; raises RemoteError."""
        session.check(target, folder)

    def boards(self, target: Target) -> int:
        """A target has one device."""
        return 1

    def builders(self) -> int:
        """A builder takes all cores that it can use."""
        return 1

    def build(self, asked: Build, done: Done, begun: Callable[[str], None]) -> None:
        """Build here."""
        build(asked, done, begun)

    def measure(
        self, target: Target, contents: Contents, run: Path, reporter: ProgressReporter,
        wanted: Callable[[Path], Sequence[str]], part: str,
    ) -> Fetched:  # fmt: skip
        """Measure on the device over SSH."""
        return session.measure(target, contents, run, reporter, wanted)


HERE = Here()
