"""`edgebench measure`, without its display: the same on a laptop, with typer and rich, and on a device without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from edgebench import api
from edgebench.core.errors import PlanError
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter

HOST = ("host",)


class View(Protocol):
    """How a command line shows a run."""

    def progress(self, after: Callable[[], str]) -> AbstractContextManager[ProgressReporter]:
        """Show progress while the block runs; `after` says on Ctrl-C how to continue."""

    def result(self, run: Run) -> None:
        """Show the table of a run."""

    def written(self, paths: Sequence[Path]) -> None:
        """Name the files that were written."""

    def next_steps(self, folder: Path, run: Run) -> None:
        """Name the next commands, where cells were measured."""


def measure(
    paths: Sequence[Path], values: Mapping[str, Any], output: Path | None, resume: Path | None, view: View
) -> int:
    """Measure artifacts or one bundle, with the fields of the plan in `values`; returns the exit code.

    Raises EdgeBenchError, and KeyboardInterrupt after printing how to continue.
    """
    if not api.bundle_of(list(paths)):
        if resume is not None:
            raise PlanError(f"complete a run of artifacts with: edgebench run --resume {resume}")
        values = {"targets": HOST, **values, "artifacts": api.manifests(paths)}
        folder = folder_of(output, None)
        with view.progress(how_to_continue(folder)) as reporter:
            run = api.run(None, folder, False, reporter, **values)
        return show(run, folder, view)
    if values.get("tune_thresholds"):
        raise PlanError("a bundle has its thresholds already; omit --tune-thresholds")
    folder = folder_of(output, resume)
    with view.progress(how_to_continue(folder, f"edgebench measure {paths[0]} --resume")) as reporter:
        run = api.measure_bundle(paths[0], folder, resume is not None, reporter, **values)
    return show(run, folder, view)


def folder_of(output: Path | None, resume: Path | None) -> Path:
    """The run's folder: a new one, or that of a run to complete. Raises PlanError where both are named."""
    require_one_folder(output, resume)
    return resume or output or api.new_folder()


def how_to_continue(folder: Path, command: str = "edgebench run --resume") -> Callable[[], str]:
    """What is to be said of a run in that folder when Ctrl-C ends it."""

    def text() -> str:
        if (folder / "plan.json").exists():
            return f"finished measurements are kept. Complete the run: {command} {folder}"
        return "nothing was measured yet; the same command starts again"

    return text


def show(run: Run, folder: Path, view: View) -> int:
    """Show the table of a run and its files; returns the exit code: 0, or 1 where no cell was measured."""
    view.result(run)
    reports = [folder / f"report.{name}" for name in api.FORMATS]
    view.written([path for path in reports if path.exists()] or [folder / "measurements.jsonl"])
    if not any(m.status == "ok" for m in run.measurements):
        return 1
    view.next_steps(folder, run)
    return 0


def require_one_folder(output: Path | None, resume: Path | None) -> None:
    """Raise PlanError where both a new folder and that of a run to complete are named."""
    if resume is not None and output is not None:
        raise PlanError("--resume names the run's folder already; omit --output")
