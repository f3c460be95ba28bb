"""The command line where typer and rich are not installed, as on a device: `edgebench measure` alone, by argparse.

Its options and its behaviour are those of the full command line (`measure_options`, `measure`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from edgebench import __version__
from edgebench.cli.measure import folder_of, how_to_continue, measure, show
from edgebench.cli.measure_options import MEASURING, RECORDS, TARGET, THREADS, flag_of
from edgebench.core.errors import EdgeBenchError, FieldError
from edgebench.core.files import explained
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import readable
from edgebench.isolation import interrupts
from edgebench.remote.event_stream import JsonLines, PlainLines

USAGE = 2
OPTIONS = (TARGET, *RECORDS, THREADS, *MEASURING)


class PlainView:
    """Lines of text."""

    @contextmanager
    def progress(self, after: Callable[[], str]) -> Iterator[ProgressReporter]:
        """Show progress while the block runs; `after` says on Ctrl-C how to continue."""
        try:
            with interrupts.saying(after), interrupts.kept():
                yield PlainLines()
        except KeyboardInterrupt:
            print(readable(interrupts.text(after)), file=sys.stderr)
            raise

    def result(self, run: Run) -> None:
        """Print the rows of a run, and below them the cells without numbers with their reasons."""
        for line in table(run):
            print(readable(line))

    def written(self, paths: Sequence[Path]) -> None:
        """Name the files that were written."""
        for path in paths:
            print(readable(f"written: {path}"))

    def next_steps(self, folder: Path, run: Run) -> None:
        """Print where the other commands are."""
        print(readable(f"next: copy {folder} to a machine with the whole of EdgeBench: edgebench recommend"))


class EventView(PlainView):
    """JSON lines for the machine that asked for the run over SSH."""

    def __init__(self, reporter: JsonLines) -> None:
        self._reporter = reporter

    @contextmanager
    def progress(self, after: Callable[[], str]) -> Iterator[ProgressReporter]:
        """Report progress as events."""
        yield self._reporter

    def result(self, run: Run) -> None:
        """The rows are fetched as files."""

    def written(self, paths: Sequence[Path]) -> None:
        """The files are fetched."""

    def next_steps(self, folder: Path, run: Run) -> None:
        """The other machine prints them."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point; exits with 0, 1 where no cell was measured, 2 on bad input, 130 on Ctrl-C."""
    options = _parser().parse_args(arguments)
    events = JsonLines() if options.events else None
    try:
        with interrupts.remembered(), interrupts.kept():
            status = _measure(options, EventView(events) if events else PlainView())
        sys.exit(status)
    except FieldError as error:
        _fail(error.problem.of(flag_of(error.problem.place)), events)
    except EdgeBenchError as error:
        _fail(str(error), events)
    except KeyboardInterrupt:
        sys.exit(interrupts.STATUS)
    except OSError as error:
        _fail(explained(error), events)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "edgebench":
            raise
        _fail(f"this needs the package '{error.name}': pip install numpy psutil msgspec", events)
    sys.exit(USAGE)


def _fail(text: str, events: JsonLines | None) -> None:
    line = " ".join(readable(text).split())
    if events:
        events.failed(line)
    print(f"error: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edgebench", description="EdgeBench's device side. The other commands need: pip install typer rich"
    )
    parser.add_argument("--version", action="version", version=f"edgebench {__version__}")
    commands = parser.add_subparsers(required=True, metavar="measure")
    command = commands.add_parser("measure", help="Measure existing artifacts, or a bundle.")
    command.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="Folders of artifacts, or one bundle.")
    command.add_argument("-o", "--output", type=Path, help="New folder of the run (default: results/TIME).")
    command.add_argument("--resume", type=Path, metavar="FOLDER", help="Complete the run of a bundle in this folder.")
    for option in OPTIONS:
        if option.kind is bool:
            command.add_argument(option.flag, dest=option.field, action="store_true", default=None, help=option.help)
            continue
        default = "" if option.default is None else f" (default: {option.default})"
        command.add_argument(
            option.flag, dest=option.field, type=option.kind, metavar=option.metavar.removesuffix("..."),
            help=f"{option.help}{default}{' Repeatable.' if option.repeatable else ''}".replace("%", "%%"),
            action="append" if option.repeatable else "store",
        )  # fmt: skip
    command.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    return parser


def _measure(options: argparse.Namespace, view: PlainView) -> int:
    if options.events:
        from edgebench.isolation.child import die_with_parent

        die_with_parent()
    values: dict[str, Any] = {"measuring": {}}
    for option in OPTIONS:
        value = getattr(options, option.field)
        if value is not None:
            table_name, _, field = option.field.rpartition(".")
            (values[table_name] if table_name else values)[field] = tuple(value) if option.repeatable else value
    if not options.events:
        return measure(options.paths, values, options.output, options.resume, view)

    # Over SSH: without reports, and with a row for each artifact that cannot run here; the other machine shows both.
    from edgebench.pipeline import bundle_plan, harness

    folder = folder_of(options.output, options.resume)
    plan = bundle_plan.load(options.paths[0], values, options.resume, unsupported_rows=True)
    with view.progress(how_to_continue(folder)) as reporter:
        run = harness.run(plan, folder, options.resume is not None, reporter)
    return show(run, folder, view)


def table(run: Run) -> list[str]:
    """The rows of a run as lines of text, and below them the cells without numbers with their reasons."""
    from edgebench.reports import columns

    rows = columns.ordered(run)
    measured = [m for m in rows if m.status == "ok"]
    cells = [columns.headings(measured), *map(columns.row, measured)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    without = [f"{columns.lacking(m)}: {m.cell.label}: {m.reason}" for m in rows if columns.lacks(m)]
    return (lines if len(cells) > 1 else []) + without


if __name__ == "__main__":
    interrupts.run(main)
