"""How the command line shows progress, ends on errors, and survives Ctrl-C."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from edgebench.contracts import Outcome
from edgebench.errors import EdgeBenchError
from edgebench.events import Listener
from edgebench.measurements import Measurement

P = ParamSpec("P")
R = TypeVar("R")
out, err = Console(), Console(stderr=True)
USAGE, INTERRUPTED = 2, 130
WIDE = 110
"""Columns from which on a bar also says what was done last."""


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Show an EdgeBenchError as one line and exit with 2; end quietly, with 130, on Ctrl-C."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            return function(*args, **kwargs)
        except EdgeBenchError as error:
            _say(str(error))
            raise typer.Exit(USAGE) from None
        except KeyboardInterrupt:
            err.print("interrupted", style="yellow")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            sys.stderr.close()  # the reader of a pipe went away; nothing is left to tell it
            raise typer.Exit(0) from None
        except OSError as error:
            _say(f"{error.filename or 'the system'}: {error.strerror or error}")
            raise typer.Exit(USAGE) from None
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "edgebench":
                raise
            _say(f"this needs the package '{error.name}': pip install 'edgebench[all]'")
            raise typer.Exit(USAGE) from None

    return guarded


def _say(text: str) -> None:
    err.print(f"[red]error:[/red] {escape(' '.join(text.split()))}", soft_wrap=True, highlight=False)


def say_written(paths: list[Path]) -> None:
    """Name the files that a command wrote."""
    for path in paths:
        out.print(f"written: {path}", highlight=False, soft_wrap=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


class Live(Listener):
    """Shows a bar with an estimate for the stage at work; off a terminal, one line a stage."""

    def __init__(self, progress: Progress, keep: bool) -> None:
        self._progress, self._keep = progress, keep
        self._task: TaskID | None = None
        self._reading: TaskID | None = None

    def stage(self, name: str, total: int) -> None:
        """A new bar."""
        if self._reading is not None:
            self._progress.update(self._reading, visible=False)
            self._reading = None
        if self._task is not None and not self._keep:
            self._progress.update(self._task, visible=False)
        self._task = self._progress.add_task(name, total=max(total, 1), completed=0 if total else 1, what="")
        if not err.is_terminal:
            err.print(f"{name} ({total})", highlight=False)

    def step(self, text: str = "") -> None:
        """The bar moves."""
        if self._task is not None:
            self._progress.update(self._task, advance=1, what=escape(text))

    def detail(self, text: str) -> None:
        """How far a long step is, beside the bar."""
        if self._task is not None:
            self._progress.update(self._task, what=escape(text))

    def progress(self, done: int, total: int) -> None:
        """Reading records has a bar of its own."""
        if self._reading is None:
            self._reading = self._progress.add_task("parse WFDB records", total=total, what="")
        self._progress.update(self._reading, completed=done, total=total)

    def built(self, artifact: str, outcome: Outcome) -> None:
        """Only what went wrong is worth a line."""
        if outcome.status != "ok":
            self.note(f"{artifact}: {outcome.status}: {outcome.reason}")

    def cell(self, measurement: Measurement) -> None:
        """Only what went wrong is worth a line."""
        if measurement.status in ("failed", "timeout"):
            m = measurement
            self.note(f"{m.model} {m.exporter} on {m.target}: {m.status}: {m.reason}")

    def counting(self, name: str) -> Callable[[int, int], None]:
        """A bar for a job that tells how far it is."""
        task = self._progress.add_task(name, total=None, what="")
        return lambda done, total: self._progress.update(task, completed=done, total=total)

    def note(self, text: str) -> None:
        """A line above the bars."""
        err.print(escape(text), style="yellow", highlight=False)


@contextmanager
def live(keep: bool = True) -> Iterator[Live]:
    """Bars on standard error while the block runs; `keep` leaves those of finished stages in sight."""
    columns: list[Any] = [
        TextColumn("{task.description:<26}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    ]  # fmt: skip
    if err.width >= WIDE:
        columns.append(TextColumn("[dim]{task.fields[what]}"))
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        yield Live(progress, keep)
