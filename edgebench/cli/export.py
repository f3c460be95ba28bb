"""`edgebench export`: artifacts to deploy, without measuring them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from edgebench.core.scratch import scratch_folder
from edgebench.reports.plain import plain
from edgebench.reports.terminal import print_table

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact, Outcome

TRIED_RECORDS = 16
"""Records that `--check` calibrates on: ranges change no layer's fate."""
NAMED = 3
"""Layers in float that a line names."""


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
    check: Annotated[
        bool, typer.Option("--check", help="Only say what each exporter can take, and what stays in float.")
    ] = False,
) -> None:  # fmt: skip
    """Export models into files to deploy, each checked in a fresh process.

    Writes OUTPUT/MODEL/VARIANT/EXPORTER/ with the file and its manifest; with
    --check nothing.
    Options that end in dots below may be repeated.

    \b[bold]Examples[/bold]

    \bedgebench export --check --model ./net.py:build --weights net.pth
    edgebench export --exporter onnx-int8
    edgebench export --dataset ptbxl --data-dir ptbxl -o ship  # calibrated on it
    """
    if check:
        calibration_records = calibration_records or TRIED_RECORDS
    overrides = fields(
        variants=variant, weights=weights, untrained=untrained, tune_thresholds=tune_thresholds,
        dataset=dataset, data_dir=data_dir, dataset_options=pairs(dataset_option), task=task,
        calibration_records=calibration_records, measuring=fields(timeout_s=timeout),
        finetuning=finetuning(finetune_epochs, qat_epochs, finetune_rounds, finetune_set),
    )  # fmt: skip
    if check:
        with live("nothing was written") as listener, scratch_folder() as folder:
            outcomes = api.export(tuple(model or ()), tuple(exporter or ()), folder / "tried", listener, **overrides)
            rows = [[name, *tried(one, f"{folder}/tried/")] for name, one in sorted(outcomes.items())]
        print_table(out, ["exporter", "result", "int8 weights", "why"], rows, numbers=("int8 weights",))
        if not any(one.status == "ok" for one in outcomes.values()):
            raise typer.Exit(1)
        return
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


def tried(outcome: Outcome[Artifact], folder: str) -> list[str]:
    """The result of one export, the share of its weights in int8, and why it was refused or what stays in float."""
    if outcome.status != "ok":
        return [outcome.status, "", outcome.reason.replace(folder, "")]
    artifact = outcome.value
    share = "" if artifact.int8_weights is None else f"{artifact.int8_weights:.1%}"
    layers: dict[str, list[str]] = {}
    for part in artifact.float_parts:
        name, _, reason = part.partition(": ")
        layers.setdefault(reason, []).append(name)
    lines = []
    for reason, names in layers.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        lines.append(f"in float: {', '.join(names[:NAMED])}{more}: {reason}")
    return ["ok", share, "; ".join(lines)]
