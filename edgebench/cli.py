"""The command line: arguments in, calls out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from edgebench import __version__, api
from edgebench.cli_bundle import bundle
from edgebench.cli_compare import compare, gate
from edgebench.cli_data import data
from edgebench.cli_explain import explain
from edgebench.cli_inspect import inspect
from edgebench.cli_options import (
    Calibration,
    DataDir,
    DatasetName,
    Exporters,
    FinetuneEpochs,
    FinetuneRounds,
    FinetuneSet,
    Models,
    QatEpochs,
    Timeout,
    TuneThresholds,
    Variants,
    Weights,
    fields,
    finetuning,
)
from edgebench.cli_quantize import quantize
from edgebench.cli_recommend import recommend
from edgebench.cli_run import measure, run
from edgebench.cli_train import train
from edgebench.console import command, live, out, say_written

app = typer.Typer(
    name="edgebench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Export trained networks, measure each artifact on the device, and weigh accuracy against speed.",
    epilog="Start with: [bold]edgebench run[/bold] (the embedded demo set), or [bold]edgebench doctor[/bold].",
)
app.add_typer(data, name="data")


@app.callback(invoke_without_command=True)
def main_options(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    """Show the version where it is asked for."""
    if version:
        out.print(f"edgebench {__version__}", highlight=False)
        raise typer.Exit


app.command()(run)
app.command()(measure)
app.command()(bundle)


@app.command()
@command
def export(
    model: Models = None, weights: Weights = None, tune_thresholds: TuneThresholds = None,
    variant: Variants = None, exporter: Exporters = None, dataset: DatasetName = None, data_dir: DataDir = None,
    finetune_epochs: FinetuneEpochs = None, finetune_rounds: FinetuneRounds = None,
    finetune_set: FinetuneSet = None, qat_epochs: QatEpochs = None,
    calibration_records: Calibration = None, timeout: Timeout = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the artifacts.")] = Path("artifacts"),
) -> None:  # fmt: skip
    """Export models into files to deploy, each checked in a fresh process.

    [bold]Examples[/bold]

    edgebench export --exporter onnx-int8

    edgebench export --exporter qnnpack-int8 --dataset ptbxl --data-dir ptbxl -o ship
    """
    given = fields(
        variants=variant, weights=weights, tune_thresholds=tune_thresholds, dataset=dataset, data_dir=data_dir,
        calibration_records=calibration_records, measuring=fields(timeout_s=timeout),
        finetuning=finetuning(finetune_epochs, qat_epochs, finetune_rounds, finetune_set),
    )  # fmt: skip
    with live() as listener:
        outcomes = api.export(tuple(model or ("resnet1d",)), tuple(exporter or ()), output, listener, **given)
    for name, outcome in sorted(outcomes.items()):
        if outcome.status == "ok":
            error = outcome.values["max_abs_error"]
            checked = "not checked here" if error is None else f"max error {error:.1e}"
            text = f"{outcome.values['file_size_bytes']:>9,} bytes  {checked}"
        else:
            text = f"{outcome.status}: {outcome.reason}"
        out.print(escape(f"{output / name}  {text}"), soft_wrap=True, highlight=False)
    if not any(outcome.status == "ok" for outcome in outcomes.values()):
        raise typer.Exit(1)


@app.command()
@command
def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    format: Annotated[str, typer.Option(help="Comma-separated formats.")] = ",".join(api.FORMATS),  # noqa: A002
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder (default: each run's own); several runs become one report in it, a table a machine.",
        ),
    ] = None,
) -> None:
    """Write the reports of finished or interrupted runs anew, and show the tables.

    [bold]Example[/bold]

    edgebench report results/20260101-120000 --format md -o .

    edgebench report laptop pi5 -o both                      one report, a table for each machine
    """
    from edgebench import run_store
    from edgebench.reports import terminal

    written = api.report(runs, tuple(f.strip() for f in format.split(",") if f.strip()), output)
    read = [run_store.read(folder) for folder in runs]
    terminal.show(run_store.merged(read) if len(read) > 1 else read[0], out)
    say_written(written)


app.command()(recommend)
app.command()(compare)
app.command()(gate)
app.command()(train)
app.command()(quantize)
app.command()(explain)
app.command()(inspect)


@app.command("list")
@command
def list_(
    kind: Annotated[str, typer.Argument(help="Only this kind, such as models, exporters or targets.")] = "",
) -> None:
    """List datasets, models, variants, exporters, runtimes, report formats and targets.

    [bold]Example[/bold]

    edgebench list models    parameters, size, multiply-adds and scores of each
    """
    from edgebench.list_view import show_list

    show_list(kind)


@app.command()
@command
def doctor() -> None:
    """Say what this machine is, what it can run, and what will be emulated or unsupported, with the reason.

    [bold]Example[/bold]

    edgebench doctor
    """
    from edgebench.diagnosis_view import show_diagnosis

    show_diagnosis()


def main() -> None:
    """Entry point."""
    app()
