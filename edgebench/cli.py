"""The command line: arguments in, calls out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from edgebench import __version__, api
from edgebench.cli_data import data
from edgebench.cli_explain import explain
from edgebench.cli_inspect import inspect
from edgebench.cli_options import (
    Artifacts,
    Calibration,
    DataDir,
    DatasetName,
    Exporters,
    FinetuneEpochs,
    FinetuneRounds,
    FinetuneSet,
    KeepUnlabelled,
    Limit,
    MinSamples,
    MinSeconds,
    Models,
    Output,
    Processes,
    QatEpochs,
    Seed,
    SkipBad,
    Targets,
    Threads,
    Timeout,
    TuneThresholds,
    Variants,
    Warmup,
    Weights,
    fields,
    settings,
)
from edgebench.cli_quantize import quantize
from edgebench.cli_train import train
from edgebench.console import INTERRUPTED, command, err, live, out

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


@app.command()
@command
def run(
    plan: Annotated[Path | None, typer.Argument(help="Plan in TOML; flags override it.")] = None,
    model: Models = None, weights: Weights = None, tune_thresholds: TuneThresholds = None,
    artifact: Artifacts = None, variant: Variants = None, exporter: Exporters = None, target: Targets = None,
    dataset: DatasetName = None, data_dir: DataDir = None, limit: Limit = None,
    keep_unlabelled: KeepUnlabelled = None, skip_bad_records: SkipBad = None,
    finetune_epochs: FinetuneEpochs = None, finetune_rounds: FinetuneRounds = None,
    finetune_set: FinetuneSet = None, qat_epochs: QatEpochs = None,
    calibration_records: Calibration = None, processes: Processes = None, warmup: Warmup = None,
    min_samples: MinSamples = None, min_seconds: MinSeconds = None, timeout: Timeout = None,
    threads: Threads = None, seed: Seed = None, output: Output = None,
    resume: Annotated[Path | None, typer.Option(help="Complete the interrupted run in this folder.")] = None,
) -> None:  # fmt: skip
    """Export, measure and report a grid of models, exporters and targets.

    [bold]Examples[/bold]

    edgebench run                                            the embedded demo set, every exporter

    edgebench run --dataset ptbxl --data-dir ptbxl -o out    all of PTB-XL's fold 10

    edgebench run --exporter onnx --exporter onnx-int8 --target raspberry-pi-5

    edgebench run --variant none --variant structured-0.5 --finetune-epochs 3

    edgebench run --model net.py:build --weights net.pth     your own network, with net.toml beside it

    edgebench run --artifact net.onnx                        your own file, with net.toml beside it

    edgebench run --resume out                               go on after Ctrl-C
    """
    given = fields(
        models=model, weights=weights, tune_thresholds=tune_thresholds,
        artifacts=api.manifests(artifact) if artifact else None, variants=variant, exporters=exporter,
        targets=target or (["host"] if artifact and not plan else None), dataset=dataset, data_dir=data_dir,
        limit=limit, keep_unlabelled=keep_unlabelled, skip_bad_records=skip_bad_records,
        calibration_records=calibration_records, threads=threads, seed=seed,
        finetuning=_finetuning(finetune_epochs, qat_epochs, finetune_rounds, finetune_set),
        measuring=_measuring(processes, warmup, min_samples, min_seconds, timeout),
    )  # fmt: skip
    _run(plan, given, output, resume)


@app.command()
@command
def measure(
    artifacts: Annotated[list[Path], typer.Argument(help="Folders of artifacts, manifests, .onnx or .pt files.")],
    tune_thresholds: TuneThresholds = None, target: Targets = None, dataset: DatasetName = None,
    data_dir: DataDir = None, limit: Limit = None,
    processes: Processes = None, warmup: Warmup = None, min_samples: MinSamples = None,
    min_seconds: MinSeconds = None, timeout: Timeout = None, threads: Threads = None, output: Output = None,
) -> None:  # fmt: skip
    """Measure artifacts that were exported before, on this machine.

    Needs only the runtimes of their formats: for ONNX no torch.

    [bold]Examples[/bold]

    edgebench measure artifacts/resnet1d/none/onnx-int8

    edgebench measure artifacts/resnet1d/none/* --threads 1
    """
    given = fields(
        artifacts=api.manifests(artifacts), tune_thresholds=tune_thresholds, targets=target or ["host"],
        dataset=dataset, data_dir=data_dir, limit=limit, threads=threads,
        measuring=_measuring(processes, warmup, min_samples, min_seconds, timeout),
    )  # fmt: skip
    _run(None, given, output, None)


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
        calibration_records=calibration_records, measuring=_measuring(None, None, None, None, timeout),
        finetuning=_finetuning(finetune_epochs, qat_epochs, finetune_rounds, finetune_set),
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
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder (default: the run's).")] = None,
) -> None:
    """Write the reports of finished or interrupted runs anew, and show the tables.

    [bold]Example[/bold]

    edgebench report results/20260101-120000 --format md -o .
    """
    from edgebench import run_store
    from edgebench.reports import terminal

    written = api.report(runs, tuple(f.strip() for f in format.split(",") if f.strip()), output)
    for folder in runs:
        terminal.show(run_store.read(folder), out)
    _say_written(written)


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
    """Say what this machine is, what it can run, and what will be emulated or unsupported, with the reason."""
    from edgebench.diagnosis_view import show_diagnosis

    show_diagnosis()


def main() -> None:
    """Entry point."""
    app()


def _run(plan: Path | None, given: dict[str, Any], output: Path | None, resume: Path | None) -> None:
    from edgebench import plan as plans
    from edgebench import run_store
    from edgebench.errors import PlanError
    from edgebench.reports import terminal

    folder = resume or output or api.new_folder()
    if resume is not None:
        if output is not None:
            raise PlanError("--resume names the run's folder already; leave --output away")
        saved = run_store.saved_plan(resume)
        # Flags may be repeated; what differs from the saved plan is refused by the harness.
        chosen = plans.load(plan, given) if plan else plans.over_saved(saved, given)
    else:
        chosen = plans.load(plan, given)
    try:
        with live() as listener:
            finished = api.run(chosen, folder, resume is not None, listener)
    except KeyboardInterrupt:
        err.print(
            f"interrupted; what is measured is kept. Complete it: edgebench run --resume {folder}", style="yellow"
        )
        raise typer.Exit(INTERRUPTED) from None
    terminal.show(finished, out)
    _say_written([p for p in (folder / "report.csv", folder / "report.md") if p.exists()])
    if not any(m.status == "ok" for m in finished.measurements):
        raise typer.Exit(1)


def _say_written(paths: list[Path]) -> None:
    for path in paths:
        out.print(f"written: {path}", highlight=False, soft_wrap=True)


def _finetuning(epochs: int | None, qat: int | None, rounds: int | None, set_: list[str] | None) -> dict[str, Any]:
    return fields(epochs=epochs, qat_epochs=qat, rounds=rounds, recipe=settings(set_ or [], "--finetune-set"))


def _measuring(
    processes: int | None, warmup: int | None, samples: int | None, seconds: float | None, timeout: float | None
) -> dict[str, Any]:
    return fields(processes=processes, warmup=warmup, min_samples=samples, min_seconds=seconds, timeout_s=timeout)
