"""`edgebench report`: write the reports of runs again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench import api
from edgebench.cli.console import command, out, say_written


@command
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of runs.")],
    format: Annotated[  # noqa: A002
        str, typer.Option(metavar="NAMES", help="Formats, separated by commas.")
    ] = ",".join(api.FORMATS),
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder (default: each run's own). Several runs become one report, a table for each machine.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="TOML file with a policy, for stars and recommendations (default: the plan's)."
        ),
    ] = None,
) -> None:
    """Write the reports of finished or interrupted runs again, and show the tables.

    Writes report.csv, report.md with pictures and report.html into each run's
    folder, or into that of --output.

    \b[bold]Examples[/bold]

    \bedgebench report results/20260101-120000 --format md -o .
    edgebench report laptop pi5 -o both       # one report, one table per machine
    """
    from edgebench.choosing import policies
    from edgebench.pipeline import run_store
    from edgebench.reports import terminal

    written = api.report(runs, tuple(f.strip() for f in format.split(",") if f.strip()), output, policy)
    read = [run_store.read(folder) for folder in runs]
    shown = run_store.merged(read) if len(read) > 1 else read[0]
    terminal.show(shown if policy is None else policies.judged_by(shown, policies.read(policy)), out)
    say_written(written)
