"""The device's command line, by the standard library: `python -m edgebench.cli.device measure BUNDLE`.

`edgebench` itself is this one where typer, rich or pydantic are not installed.
"""

from __future__ import annotations

import argparse
import datetime
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from edgebench import __version__
from edgebench.core.errors import EdgeBenchError, FieldError, PlanError
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import readable
from edgebench.remote.event_stream import JsonLines, PlainLines

USAGE, INTERRUPTED = 2, 130
MEASURING: dict[str, tuple[str, Callable[[str], Any], bool]] = {
    "processes": ("processes", int, False), "warmup": ("warmup", int, False),
    "min-samples": ("min_samples", int, False), "min-seconds": ("min_seconds", float, False),
    "timeout": ("timeout_s", float, False), "batch": ("batches", int, True), "paced": ("paced_s", float, False),
    "cold-starts": ("cold_starts", int, False), "core": ("cores", int, True),
    "cool-down": ("cool_down_c", float, False), "steady": ("steady", float, False),
    "steady-limit": ("steady_limit_s", float, False),
}  # fmt: skip
"""Flags of how latency is measured: the field of `measuring`, its kind, and whether it may be repeated."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point; exits with 0, 1 where no cell was measured, 2 on bad input, 130 on Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    options = _parser().parse_args(arguments)
    listener: ProgressReporter = JsonLines() if options.events else PlainLines()
    try:
        sys.exit(_measure(options, listener))
    except FieldError as error:
        _say(error.problem.of(flag_of(error.problem.place)), listener)
    except EdgeBenchError as error:
        _say(str(error), listener)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as error:
        _say(f"{error.filename or 'the system'}: {error.strerror or error}", listener)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "edgebench":
            raise
        _say(f"this needs the package '{error.name}': pip install numpy psutil", listener)
    sys.exit(USAGE)


def flag_of(place: str) -> str:
    """The flag that gives a field of the plan."""
    known = {f"measuring.{field}": name for name, (field, _, _) in MEASURING.items()}
    return f"--{known.get(place, place.replace('_', '-'))}"


def _say(text: str, listener: ProgressReporter) -> None:
    line = " ".join(readable(text).split())
    if isinstance(listener, JsonLines):
        listener.failed(line)
    print(f"error: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edgebench",
        description="EdgeBench's device side. The other commands need: pip install typer rich pydantic",
    )
    parser.add_argument("--version", action="version", version=f"edgebench {__version__}")
    measure = parser.add_subparsers(required=True, metavar="measure").add_parser("measure", help="Measure a bundle.")
    measure.add_argument("bundle", type=Path, help="A file or folder that `edgebench bundle` made.")
    measure.add_argument("-o", "--output", type=Path, help="Folder of the run (default: results/TIME).")
    measure.add_argument("--resume", type=Path, metavar="RUN", help="Complete the interrupted run in this folder.")
    measure.add_argument("--target", action="append", help="Target, or path to a TOML profile. Repeatable.")
    measure.add_argument("--dataset", help="Other records than the bundle's.")
    measure.add_argument("--data-dir", type=Path)
    measure.add_argument("--limit", type=int, help="At most this many test records.")
    measure.add_argument("--threads", type=int)
    for flag, (field, kind, several) in MEASURING.items():
        how: Any = {"action": "append"} if several else {}
        measure.add_argument(f"--{flag}", dest=f"measuring_{field}", type=kind, metavar=field.upper(), **how)
    measure.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    return parser


def _measure(options: argparse.Namespace, listener: ProgressReporter) -> int:
    from edgebench.isolation.process import die_with_parent
    from edgebench.pipeline import bundle_run

    if options.events:
        die_with_parent()
    if options.resume and options.output:
        raise PlanError("--resume names the run's folder already; leave --output away")
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    folder = options.resume or options.output or Path("results") / stamp
    given = {f: getattr(options, f"measuring_{f}") for f, _, _ in MEASURING.values()}
    measuring = {f: tuple(v) if isinstance(v, list) else v for f, v in given.items() if v is not None}
    try:
        run = bundle_run.measure(
            options.bundle, folder, options.resume is not None, listener, rows=options.events,
            targets=tuple(options.target or ()), dataset=options.dataset, data_dir=options.data_dir,
            limit=options.limit, threads=options.threads, measuring=measuring,
        )  # fmt: skip
    except KeyboardInterrupt:
        again = f"edgebench measure {options.bundle} --resume {folder}"
        print(readable(f"interrupted; what is measured is kept. Complete it: {again}"), file=sys.stderr)
        raise
    if not options.events:
        for line in table(run):
            print(readable(line))
        print(readable(f"written: {folder / 'measurements.jsonl'}"))
    return 0 if any(m.status == "ok" for m in run.measurements) else 1


def table(run: Any) -> list[str]:
    """The rows of a run as lines of text, and below them the cells without numbers with their reasons."""
    from edgebench.reports import columns

    rows = columns.ordered(run)
    cells = [list(columns.COLUMNS), *(columns.row(m) for m in rows if m.status == "ok")]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    without = [f"{m.status}: {m.cell.label}: {m.reason}" for m in rows if m.status != "ok"]
    return (lines if len(cells) > 1 else []) + without


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
