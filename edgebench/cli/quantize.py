"""`edgebench quantize`: int8 within a bound on the accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli import completion
from edgebench.cli.console import command, live, out, say_next, say_written
from edgebench.cli.options import DataDir, DatasetOptions, MinLikelihood, TaskName, option, pairs
from edgebench.cli.usage import number
from edgebench.core.settings import CALIBRATION_RECORDS, Measuring
from edgebench.tasks.names import DROP_FLAG

SHOWN = 15
"""Modules in the table on the terminal; the report has all."""


@command
def quantize(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="Shipped model, or path to a manifest; by default the one that a run on the dataset takes.",
            autocompletion=completion.of("MODEL"),
        ),
    ] = None,
    exporter: Annotated[str, option("--exporter", "NAME", "Static int8: onnx-int8, openvino-int8, …")] = "onnx-int8",
    max_drop: Annotated[
        float,
        option(
            "--max-drop",
            "DROP",
            "How much worse the score may be on the validation records, in its unit.",
            number(float, 0),
            also=DROP_FLAG,
        ),
    ] = 0.005,
    dataset: Annotated[
        str, option("--dataset", "NAME", "One of edgebench list datasets, or FILE.py:FUNCTION.")
    ] = "ptbxl",
    data_dir: DataDir = None,
    dataset_option: DatasetOptions = None,
    task: TaskName = None,
    calibration_records: Annotated[
        int, option("--calibration-records", "N", "Training records to calibrate on.", number(int, 1))
    ] = CALIBRATION_RECORDS,
    min_likelihood: MinLikelihood = None,
    timeout: Annotated[
        float, option("--timeout", "SECONDS", "A job that is silent for so long is ended.", number(float, 1))
    ] = Measuring.timeout_s,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the result.")] = Path(
        "quantized"
    ),
) -> None:
    """Quantize to int8, and leave in float the fewest modules that keep the score within a bound.

    Each module's sensitivity is measured alone, on calibration records; then
    artifacts with more and more of the most sensitive ones in float are built
    and scored on the validation records. The test records score the result.

    Writes the artifact, sensitivity.csv, search.json and report.md into the
    folder of --output.

    \b[bold]Examples[/bold]

    \bedgebench quantize deit-tiny --max-drop 0.005 --data-dir ptbxl
    edgebench quantize resnet1d --exporter fbgemm-int8 --dataset demo
    """
    from edgebench.core.serialization import to_dict
    from edgebench.isolation.allocator import keep_memory
    from edgebench.pipeline import fitting_dataset
    from edgebench.reports import search as report
    from edgebench.reports.plain import plain
    from edgebench.reports.terminal import print_table
    from edgebench.search.mixed_precision import Request, document, search

    keep_memory()
    options = ({"min_likelihood": str(min_likelihood)} if min_likelihood else {}) | pairs(dataset_option)
    model = model or fitting_dataset.model_for(dataset)[0]
    request = Request(model, exporter, max_drop, dataset, data_dir, calibration_records, timeout, options, task or "")
    with live("there is no artifact yet; the same command starts again") as listener:
        found, ranked = search(request, output, listener)
    result, modules = document(found), [to_dict(s) for s in ranked]
    report.write(output, result, modules)
    rows = report.sensitivity_rows(modules[:SHOWN], found.modules)
    title = f"The {len(rows)} most sensitive of {len(ranked)} modules, each alone in int8"
    title += " · agreement: decisions that stay · logit error: root mean square"
    print_table(out, list(report.SENSITIVITY), rows, title, report.SENSITIVITY[1:4])
    tried = report.trial_rows(result)
    metric = found.validation.metric
    headings = list(report.trial_headings(metric))
    for row, trial in zip(tried, found.trials, strict=True):
        row.append("chosen" if trial.in_float == len(found.modules) else "")
    print_table(out, [*headings, ""], tried, "Artifacts tried, on the validation records", headings)
    kept = f"{len(found.modules)} of {len(ranked)} modules in float"
    for name, scores in found.test.items():
        what = {"float": "the fp32 network", "int8": "int8 throughout", "found": kept}[name]
        score = scores.primary
        delta = "" if name == "float" else f" ({metric.change(score.delta or 0)})"
        out.print(plain(f"test records, {what}: {metric.label} {metric.fine(score.value)}{delta}"))
    met = "meets" if found.within else "does not meet"
    bound = f"{metric.label} may {metric.fall} by {request.max_drop:g} on the validation records"
    said = f"With {kept} it {met} the bound: {bound}."
    out.print(plain(said, "green" if found.within else "yellow"))
    say_written([f"{found.manifest}, {output / 'report.md'}"])
    say_next(f"edgebench measure {Path(found.manifest).parent}", "its latency and memory")
