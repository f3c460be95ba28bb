"""The command that packs a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgebench import api
from edgebench.cli.console import command, live, out, say_next, say_written
from edgebench.cli.options import (
    MEASURING,
    DataDir,
    DatasetName,
    DatasetOptions,
    KeepUnlabelled,
    Limit,
    MinLikelihood,
    ReferenceFile,
    SkipBad,
    Targets,
    TaskName,
    Threads,
    by_flags,
    fields,
    flag,
    pairs,
    takes,
)
from edgebench.core.files import sha256
from edgebench.reports.plain import plain


@takes(MEASURING, "measuring")
@command
@by_flags
def bundle(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Runs, folders of artifacts, manifests, .onnx or .pt files.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The bundle that is written.")
    ] = Path("edgebench.bundle"),
    folder: Annotated[bool, flag("--folder", "Write a folder instead of one file.")] = False,
    data: Annotated[bool, flag("--data/--no-data", "Pack the test records and fp32 predictions.")] = True,
    target: Targets = None, dataset: DatasetName = None, data_dir: DataDir = None,
    dataset_option: DatasetOptions = None, task: TaskName = None, reference: ReferenceFile = None, limit: Limit = None,
    keep_unlabelled: KeepUnlabelled = None, skip_bad_records: SkipBad = None,
    min_likelihood: MinLikelihood = None, threads: Threads = None,
    *, measuring: dict[str, Any],
) -> None:  # fmt: skip
    """Pack artifacts with all that a device needs to measure them, into one file.

    Options that you omit are as in the run of the artifacts. On the
    device, edgebench measure FILE measures them.

    \b[bold]Examples[/bold]

    \bedgebench bundle results/mine -o ship.bundle --target raspberry-pi-5
    edgebench bundle artifacts/resnet1d --dataset ptbxl --data-dir ptbxl
    """
    overrides = fields(
        targets=target, dataset=dataset, data_dir=data_dir, limit=limit, keep_unlabelled=keep_unlabelled,
        skip_bad_records=skip_bad_records, min_likelihood=min_likelihood, threads=threads, measuring=measuring,
        dataset_options=pairs(dataset_option), task=task, reference=reference,
    )  # fmt: skip
    with live("no bundle was written; the same command starts again") as listener:
        listing = api.bundle(paths, output, folder, data, listener, **overrides)
    packed = sum(entry.size for entry in listing.files.values())
    count = len(listing.artifacts)
    text = f"{count} artifact{'s' * (count != 1)}, {len(listing.files)} files, {packed:,} bytes unpacked"
    out.print(plain(text))
    if not folder:
        out.print(plain(f"{output.stat().st_size:,} bytes, SHA-256 {sha256(output)}"), soft_wrap=True)
    say_written([output])
    say_next(f"edgebench measure {output}", "on the device, with this file's plan")
