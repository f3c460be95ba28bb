"""`edgebench optimize`: search for the artifact to ship."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgebench.cli import completion
from edgebench.cli.console import command, live, out, say_next
from edgebench.cli.measure import folder_of, show
from edgebench.cli.options import (
    Calibration,
    DataDir,
    DatasetName,
    DatasetOptions,
    Exporters,
    Limit,
    Output,
    TaskName,
    Threads,
    Weights,
    by_flags,
    default,
    fields,
    option,
    pairs,
)
from edgebench.cli.recommend import show_answer
from edgebench.cli.run import RichView
from edgebench.cli.usage import number
from edgebench.core import problems, units
from edgebench.core.errors import PlanError
from edgebench.core.policy import PREFERENCES
from edgebench.reports.plain import plain
from edgebench.tasks.names import DROP_FLAG


@command
@by_flags
def optimize(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="Shipped model, path to a manifest, or FILE.py:FUNCTION; by default the one that a run takes.",
            autocompletion=completion.of("MODEL"),
        ),
    ] = None,
    target: Annotated[
        str | None, option("--target", "NAME", "Target, or path to its TOML file." + default("host"))
    ] = None,
    max_drop: Annotated[
        float | None,
        option("--max-drop", "DROP", "Largest drop of the score below fp32; 0.01 of a share by default.",
               number(float, 0), also=DROP_FLAG),
    ] = None,
    prefer: Annotated[
        str | None, option("--prefer", "METRIC", "Counts ten times: latency (default), size, memory; or balanced.")
    ] = None,
    budget: Annotated[
        str | None, option("--budget", "TIME", "Time for everything: 45m, 2h." + default("45m"))
    ] = None,
    exporter: Exporters = None, weights: Weights = None,
    fine_tune: Annotated[
        bool | None,
        typer.Option("--fine-tune/--no-fine-tune", help="Train compressed networks, where there are records for it."),
    ] = None,
    dataset: DatasetName = None, data_dir: DataDir = None, dataset_option: DatasetOptions = None, task: TaskName = None,
    limit: Limit = None, calibration_records: Calibration = None, threads: Threads = None,
    seed: Annotated[
        int | None, option("--seed", "N", "Of the search's choices." + default(0), number(int, 0))
    ] = None,
    output: Output = None,
    resume: Annotated[
        Path | None, option("--resume", "FOLDER", "Complete the interrupted search in this folder.")
    ] = None,
) -> None:  # fmt: skip
    """Search compressions, exporters and their options for the artifact to ship to a target.

    Each trial is built, checked and measured on validation records. The best
    are then measured as by edgebench run, on the test records, which decided
    nothing before. All of it goes into one folder, results/TIME or --output.

    Exit code 0: the best were measured. 1: nothing was. 2: the input is
    invalid. 130: Ctrl-C.

    \b[bold]Examples[/bold]

    \bedgebench optimize resnet1d --budget 10m -o best
    edgebench optimize resnet1d --max-drop 0.02 --prefer size --dataset ptbxl --data-dir ptbxl
    edgebench optimize --resume best       # after Ctrl-C
    """
    from edgebench import searching

    if prefer is not None and prefer not in PREFERENCES:
        raise PlanError(problems.not_among("prefer", list(PREFERENCES), prefer).of("--prefer"))
    values: dict[str, Any] = fields(
        targets=(target,) if target else None, exporters=exporter, weights=weights, dataset=dataset, data_dir=data_dir,
        dataset_options=pairs(dataset_option), task=task, limit=limit, calibration_records=calibration_records,
        threads=threads, policy=fields(max_drop=max_drop, prefer=prefer),
    )  # fmt: skip
    budget_s = None if budget is None else units.span(budget, "--budget")
    folder = folder_of(output, resume)
    with live(
        lambda: f"finished trials are kept. Complete the search: edgebench optimize --resume {folder}"
    ) as reporter:
        run = searching.optimize(
            model, budget_s, folder, resume is not None, reporter, seed=seed, fine_tune=fine_tune, **values
        )
    code = show(run, folder, RichView())
    _answer(folder)
    if code:
        raise typer.Exit(code)


def _answer(folder: Path) -> None:
    """Print what to ship, how it compares with the default, and the command that builds it again."""
    from edgebench.choosing.recommendation import recommend
    from edgebench.optimization import finish, request
    from edgebench.pipeline import run_store, trials

    run, asked = run_store.read(folder), request.stored(folder)
    for answer in recommend(run):
        out.print()
        show_answer(answer)
    batches = trials.read(folder / trials.SEARCH).batches
    if doubt := finish.doubted(asked, run, batches):
        out.print(plain(doubt, "yellow"))
    out.print(plain(finish.compared(asked, run)))
    if line := finish.shipped(asked, run, batches):
        say_next(line, "builds it again, alone")
