"""`edgebench export`: artifacts to deploy, without measuring them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench import api
from edgebench.cli.console import command, live, out, say_next
from edgebench.cli.options import (
    Calibration,
    DataDir,
    DatasetName,
    DatasetOptions,
    Exporters,
    FinetuneEpochs,
    FinetuneRounds,
    FinetuneSet,
    Models,
    QatEpochs,
    TaskName,
    Timeout,
    TuneThresholds,
    Untrained,
    Variants,
    Weights,
    by_flags,
    fields,
    finetuning,
    pairs,
)
from edgebench.reports.plain import plain


@command
@by_flags
def export(
    model: Models = None, weights: Weights = None, untrained: Untrained = None, tune_thresholds: TuneThresholds = None,
    variant: Variants = None, exporter: Exporters = None, dataset: DatasetName = None, data_dir: DataDir = None,
    dataset_option: DatasetOptions = None, task: TaskName = None,
    finetune_epochs: FinetuneEpochs = None, finetune_rounds: FinetuneRounds = None,
    finetune_set: FinetuneSet = None, qat_epochs: QatEpochs = None,
    calibration_records: Calibration = None, timeout: Timeout = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the artifacts.")
    ] = Path("artifacts"),
) -> None:  # fmt: skip
    """Export models into files to deploy, each checked in a fresh process.

    Writes OUTPUT/MODEL/VARIANT/EXPORTER/ with the file and its manifest.
    Options that end in dots below may be repeated.

    \b[bold]Examples[/bold]

    \bedgebench export --exporter onnx-int8
    edgebench export --dataset ptbxl --data-dir ptbxl -o ship  # calibrated on it
    """
    overrides = fields(
        variants=variant, weights=weights, untrained=untrained, tune_thresholds=tune_thresholds,
        dataset=dataset, data_dir=data_dir, dataset_options=pairs(dataset_option), task=task,
        calibration_records=calibration_records, measuring=fields(timeout_s=timeout),
        finetuning=finetuning(finetune_epochs, qat_epochs, finetune_rounds, finetune_set),
    )  # fmt: skip
    with live("exported files are kept, and the same command exports everything again") as listener:
        outcomes = api.export(tuple(model or ()), tuple(exporter or ()), output, listener, **overrides)
    for name, outcome in sorted(outcomes.items()):
        if outcome.status == "ok":
            error = outcome.value.max_abs_error
            checked = "not checked here" if error is None else f"logits within {error:.1e} of the network's"
            text = f"{outcome.value.file_size_bytes:>9,} bytes  {checked}"
        else:
            text = f"{outcome.status}: {outcome.reason}"
        out.print(plain(f"{output / name}  {text}"), soft_wrap=True)
    if not any(outcome.status == "ok" for outcome in outcomes.values()):
        raise typer.Exit(1)
    say_next(f"edgebench measure {output}", "size, memory, latency and scores of these files")
