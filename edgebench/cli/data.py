"""`edgebench data`: fetch PTB-XL, or see what a folder of it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli.console import command, live, out
from edgebench.cli.options import MinLikelihood, default, option
from edgebench.cli.usage import number
from edgebench.reports.plain import plain

data = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Fetch PTB-XL, or see what a folder of it holds.",
    epilog="Start with: [bold]edgebench data fetch ptbxl ptbxl[/bold]",
)  # fmt: skip
MOST_DIGITS = 20
"""A fold's number with more digits is a typing error, and Python may refuse to read it."""


@data.command()
@command
def fetch(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="ptbxl")],
    directory: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to fill.")] = Path("ptbxl"),
    folds: Annotated[str, option("--folds", "FOLDS", "Folds, such as 9,10 or 1-10.")] = "1,9,10",
    rate: Annotated[int, option("--rate", "HZ", "Samples a second: 100 or 500.", number(int))] = 100,
    url: Annotated[str, option("--url", "URL", "Where to fetch from." + default("PhysioNet"))] = "",
) -> None:
    """Fetch what a run needs from PhysioNet: fold 10 to test, 9 to validate, 1 to calibrate int8.

    Fills a folder in PhysioNet's layout. Every file is checked by SHA-256;
    the same command continues after an interruption.

    \b[bold]Examples[/bold]

    \bedgebench data fetch ptbxl ptbxl                 # what a run needs
    edgebench data fetch ptbxl ptbxl --folds 1-10    # what a training needs
    """
    from edgebench.core.errors import PlanError
    from edgebench.data.ptbxl import fetch as fetching

    if dataset != "ptbxl":
        raise PlanError(f"'{dataset}' cannot be fetched; known: ptbxl")
    with live("fetched files are kept; the same command continues from there") as listener:
        progress = listener.counting("fetch files")
        done = fetching.fetch(directory, _folds(folds), rate, url or fetching.URL, progress=progress)
    out.print(plain(f"{done.records} records in {done.directory}; {done.downloaded} files downloaded"))


@data.command()
@command
def info(
    directory: Annotated[Path, typer.Argument(metavar="FOLDER", help="PTB-XL's folder.")],
    min_likelihood: MinLikelihood = None,
) -> None:
    """Show the records that a PTB-XL folder holds and lacks. Writes nothing.

    \b[bold]Examples[/bold]

    \bedgebench data info ptbxl
    edgebench data info ptbxl --min-likelihood 50
    """
    from edgebench.data.info import info as look
    from edgebench.reports.terminal import print_table

    rows = look(directory, min_likelihood or 0.0)
    table = [
        [f"{r.rate_hz} Hz", str(r.fold), *map(str, (r.records, r.present, r.records - r.present, r.labelled))]
        for r in rows
    ]
    print_table(out, ["rate", "fold", "records", "there", "missing", "with a class"], table)
    rule = (
        f"statements count from a likelihood of {min_likelihood:g} % on; without a stated likelihood (0) they do not"
        if min_likelihood
        else "every statement counts, whatever its likelihood, as in PhysioNet's example (--min-likelihood)"
    )
    out.print(plain(f"with a class: {rule}"))
    missing = sorted({(r.rate_hz, r.fold) for r in rows if r.present < r.records})
    if missing:
        rate, fold = missing[0]
        again = f"edgebench data fetch ptbxl {directory} --folds {fold} --rate {rate}"
        out.print(plain(f"fetch the missing records: {again}"))


def _folds(text: str) -> list[int]:
    from edgebench.core.errors import PlanError
    from edgebench.core.problems import LONGEST

    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        ends = [first.strip(), *([last.strip()] if dash else [])]
        if not all(end.isdecimal() and len(end) < MOST_DIGITS for end in ends):
            shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
            raise PlanError(f"--folds {shown}: expected numbers such as 9,10 or 1-8")
        low, high = int(first), int(last or first)
        if low > high:
            raise PlanError(f"--folds {part}: runs backwards; write {high}-{low}")
        if low < 1 or high > 10:
            raise PlanError(f"--folds {text}: PTB-XL has folds 1 to 10")
        found += range(low, high + 1)
    return found
