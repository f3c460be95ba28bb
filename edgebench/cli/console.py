"""How the command line shows progress, reports errors, and handles Ctrl-C."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from edgebench.core.errors import EdgeBenchError
from edgebench.core.files import explained
from edgebench.core.serialization import readable
from edgebench.isolation import interrupts
from edgebench.reports.plain import plain

if TYPE_CHECKING:
    from edgebench.cli.live_view import Live

P = ParamSpec("P")
R = TypeVar("R")
out, err = Console(), Console(stderr=True)
USAGE = 2


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command: an EdgeBenchError becomes one line and exit code 2, Ctrl-C exit code 130."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with interrupts.remembered(), _interrupted(), interrupts.kept():
                return function(*args, **kwargs)
        except EdgeBenchError as error:
            say_error(str(error))
            raise typer.Exit(USAGE) from None
        except BrokenPipeError:
            sys.stderr.close()  # the reader has closed the pipe; further output has no reader
            raise typer.Exit(0) from None
        except OSError as error:
            say_error(explained(error))
            raise typer.Exit(USAGE) from None
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "edgebench":
                raise
            say_error(f"this needs the package '{error.name}': pip install 'edgebench[all]'")
            raise typer.Exit(USAGE) from None

    return guarded


def say_error(text: str) -> None:
    """Print an error as one line on standard error."""
    line = " ".join(readable(text).split())
    err.print(Text.assemble(("error:", "red"), " ", line), soft_wrap=not err.is_terminal)


def say_written(paths: Sequence[Path | str]) -> None:
    """Print the files that a command wrote."""
    for path in paths:
        out.print(plain(f"written: {path}"), soft_wrap=True)


def say_next(command: str, what: str) -> None:
    """Print a command to run next, and what it shows."""
    out.print(plain(f"next: {command}   # {what}"), soft_wrap=True)


@contextmanager
def live(after: str | Callable[[], str], keep: bool = True) -> Iterator[Live]:
    """Show bars on standard error while the block runs; with `keep`, those of finished stages stay visible.

    `after` is printed on Ctrl-C and says how to continue.
    """
    from edgebench.cli.live_view import Live

    def text() -> str:
        return after if isinstance(after, str) else after()

    with _interrupted(text), interrupts.saying(text), interrupts.kept(), Live(err, keep) as reporter:
        yield reporter


@contextmanager
def _interrupted(after: Callable[[], str] | None = None) -> Iterator[None]:
    """Say an interrupt of the block in one line, and end with its exit code."""
    try:
        yield
    except KeyboardInterrupt:
        err.print(plain(interrupts.text(after), "yellow"), soft_wrap=not err.is_terminal)
        raise typer.Exit(interrupts.STATUS) from None
