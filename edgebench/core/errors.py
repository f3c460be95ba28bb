"""The exceptions that EdgeBench raises on purpose.

Each message is one line that says what is wrong, where, and what to do; the command line prints it and exits with 2.

    EdgeBenchError
    ├── PlanError         a plan, a flag or a target profile that cannot be run
    │   └── FieldError    a wrong field that comes from a call or a flag, not from a file
    ├── UnknownPlugin     a name that no plug-in has
    ├── DataError         a dataset, or a part of it, that is missing or malformed
    │   └── BadRecord     one record that cannot be used
    ├── DownloadError     a download that failed, or whose bytes are not the published ones
    ├── ModelError        weights or a model manifest that cannot be used
    ├── ArtifactError     an artifact that is missing, damaged or not what its manifest says
    │   └── WrongFormat   a file that is not of its format
    ├── BundleError       a bundle that is damaged, or a file that is no bundle
    ├── Unsupported       a combination that cannot exist; it becomes a row with this reason
    ├── Uncounted         a network whose multiply-adds nobody can tell
    ├── MissingPackage    an optional dependency that is needed here and is not installed
    ├── MovedModule       a plug-in that imports a module of EdgeBench by an earlier path
    ├── RemoteError       a device that cannot be reached or used over SSH
    └── RunError          a run folder that cannot be written, resumed or read
        └── DiskFull      no space left: nothing is lost, and the run can be resumed
"""

from __future__ import annotations

import re

from edgebench.core.problems import Problem, meant


class EdgeBenchError(Exception):
    """Base of every error that the user can fix; its text is shown unchanged."""


def first_line(error: BaseException, nothing: str = "") -> str:
    """The message of another package's exception, on one line; if it is empty, `nothing` or the exception's name.

    Without escape sequences: torch colours some of its messages.
    """
    lines = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", str(error)).splitlines()
    return next((line.strip() for line in lines if line.strip()), nothing or type(error).__name__)


class PlanError(EdgeBenchError):
    """A plan, a flag or a target profile that cannot be run."""


class FieldError(PlanError):
    """A wrong field of a plan that comes from a call or a flag; the command line names the flag."""

    def __init__(self, problem: Problem, more: int = 0) -> None:
        self.problem = problem
        self.more = f" (and {more} more)" if more else ""
        super().__init__(f"{problem}{self.more}")


class UnknownPlugin(EdgeBenchError):  # noqa: N818 - the name says what happened
    """A name that no plug-in has."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        near = meant(name, known)
        super().__init__(f"unknown {kind} '{name}'; known: {', '.join(known) or 'none'}{near and f'; {near}'}")


class DataError(EdgeBenchError):
    """A dataset, or a part of it, that is missing or malformed."""


class BadRecord(DataError):  # noqa: N818
    """One record that cannot be used; `--skip-bad-records` drops it instead."""


class DownloadError(EdgeBenchError):
    """A download that failed, or whose bytes are not the published ones."""


class ModelError(EdgeBenchError):
    """Weights or a model manifest that cannot be used."""


class ArtifactError(EdgeBenchError):
    """An artifact that is missing, damaged or not what its manifest says."""


class WrongFormat(ArtifactError):  # noqa: N818 - the name says what happened
    """A file that is not of the format that it should have, or is damaged."""


class BundleError(EdgeBenchError):
    """A bundle that is damaged or was tampered with, or a file that is no bundle."""


class Unsupported(EdgeBenchError):  # noqa: N818
    """A combination that cannot exist; in a run it is a row with this reason."""


class OutOfTime(EdgeBenchError):  # noqa: N818
    """A job with a limit of time that ended before its work was done."""


class Uncounted(EdgeBenchError):  # noqa: N818
    """A network whose multiply-adds are not known; it has none, instead of too few."""


class MissingPackage(EdgeBenchError):  # noqa: N818
    """An optional dependency that is needed here and is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package '{package}': pip install 'edgebench[{extra}]'")


class MovedModule(EdgeBenchError):  # noqa: N818
    """A plug-in that imports a module of EdgeBench by the path of an earlier version."""

    def __init__(self, plugin: str, old: str, new: str) -> None:
        super().__init__(f"{plugin} imports {old}, which is {new} now: change its import")


class RemoteError(EdgeBenchError):
    """A device that cannot be reached over SSH, or cannot be used there."""


class RunError(EdgeBenchError):
    """A run folder that cannot be written, resumed or read."""


class DiskFull(RunError):  # noqa: N818
    """No space left on the device of the run folder; what was measured is kept."""
