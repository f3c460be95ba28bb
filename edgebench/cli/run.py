"""The commands that measure: `run` and `measure`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebench import api
from edgebench.cli.cluster_options import ClusterAddress, Insecure, Pool, TlsCa, TlsCert, TlsKey, cluster_of
from edgebench.cli.console import command, live, out, say_next, say_written
from edgebench.cli.measure import folder_of, how_to_continue, require_one_folder, show
from edgebench.cli.measure import measure as run_measure
from edgebench.cli.options import (
    MEASURING,
    Artifacts,
    Calibration,
    DataDir,
    DatasetName,
    DatasetOptions,
    Exporters,
    FinetuneEpochs,
    FinetuneRounds,
    FinetuneSet,
    KeepUnlabelled,
    Limit,
    MaxLatency,
    MinLikelihood,
    Models,
    Output,
    QatEpochs,
    ReferenceFile,
    RunTargets,
    Seed,
    SkipBad,
    Targets,
    TaskName,
    Threads,
    TuneThresholds,
    Untrained,
    Variants,
    Weights,
    by_flags,
    fields,
    finetuning,
    option,
    pairs,
    takes,
)
from edgebench.core import units

if TYPE_CHECKING:
    from edgebench.core.measurements import Run
    from edgebench.core.progress import ProgressReporter


@takes(MEASURING, "measuring")
@command
@by_flags
def run(
    plan: Annotated[Path | None, typer.Argument(metavar="PLAN", help="Plan in TOML; flags override it.")] = None,
    model: Models = None, weights: Weights = None, untrained: Untrained = None, tune_thresholds: TuneThresholds = None,
    artifact: Artifacts = None, variant: Variants = None, exporter: Exporters = None, target: RunTargets = None,
    dataset: DatasetName = None, data_dir: DataDir = None, dataset_option: DatasetOptions = None, task: TaskName = None,
    reference: ReferenceFile = None, limit: Limit = None,
    keep_unlabelled: KeepUnlabelled = None, skip_bad_records: SkipBad = None, min_likelihood: MinLikelihood = None,
    finetune_epochs: FinetuneEpochs = None, finetune_rounds: FinetuneRounds = None,
    finetune_set: FinetuneSet = None, qat_epochs: QatEpochs = None,
    calibration_records: Calibration = None, max_latency: MaxLatency = None,
    threads: Threads = None, seed: Seed = None, output: Output = None,
    resume: Annotated[Path | None, option("--resume", "FOLDER", "Complete the interrupted run in this folder.")] = None,
    cluster: ClusterAddress = None, tls_ca: TlsCa = None, tls_cert: TlsCert = None, tls_key: TlsKey = None,
    insecure: Insecure = False, pool: Pool = False, *, measuring: dict[str, Any],
) -> None:  # fmt: skip
    """Export, measure and report a grid of models, exporters and targets.

    All of it goes into one folder, results/TIME or --output: the artifacts,
    measurements.jsonl, the raw samples, report.csv, report.md with pictures
    and report.html. Options that end in dots below may be repeated.

    Exit code 0: at least one cell was measured. 1: none was, each row says
    why. 2: the input is invalid. 130: Ctrl-C.

    \b[bold]Examples[/bold]

    \bedgebench run                                          # the demo set
    edgebench run --quick                                  # a first table
    edgebench run --thorough                               # for a publication
    edgebench run --max-seconds 60                         # a slow network
    edgebench run --dataset ptbxl --data-dir ptbxl -o out  # all test records
    edgebench run --resume out                             # after Ctrl-C
    edgebench run --exporter onnx --exporter onnx-int8 --target raspberry-pi-5
    edgebench run --variant none --variant structured-0.5 --finetune-epochs 3

    \b# a network and a file of your own, with net.toml beside it
    edgebench run --model net.py:build --weights net.pth
    edgebench run --artifact net.onnx

    \b# before any training: size, memory and latency of some, or all
    edgebench run --untrained --model timm:resnet18 --model net.py:build
    edgebench run --untrained --model all --exporter onnx --max-latency 10ms

    \b# as a monitor does; the throughput; from the disk
    edgebench run --paced 1 --batch 8 --batch 32 --cold-starts 3
    """
    from edgebench.pipeline import read_plan, run_store

    require_one_folder(output, resume)

    values = fields(
        models=model, weights=weights, untrained=untrained, tune_thresholds=tune_thresholds,
        artifacts=api.manifests(artifact) if artifact else None, variants=variant, exporters=exporter,
        targets=target or (["host"] if artifact and not plan else None), dataset=dataset, data_dir=data_dir,
        limit=limit, keep_unlabelled=keep_unlabelled, skip_bad_records=skip_bad_records,
        min_likelihood=min_likelihood, dataset_options=pairs(dataset_option), task=task, reference=reference,
        calibration_records=calibration_records, threads=threads, seed=seed,
        finetuning=finetuning(finetune_epochs, qat_epochs, finetune_rounds, finetune_set), measuring=measuring,
        policy=fields(max_latency_s=None if max_latency is None else units.seconds(max_latency, "--max-latency")),
    )  # fmt: skip
    if resume is not None:
        # Flags may be repeated; what differs from the stored plan is refused by the harness.
        stored = run_store.stored_plan(resume)
        chosen = read_plan.load(plan, values) if plan else read_plan.of_run(stored, values)
    else:
        chosen = read_plan.load(plan, values)
    machines = cluster_of(cluster, tls_ca, tls_cert, tls_key, insecure, pool)
    folder, view = folder_of(output, resume), RichView()
    with view.progress(how_to_continue(folder)) as reporter:
        finished = api.run(chosen, folder, resume is not None, reporter, machines)
    _exit(show(finished, folder, view))


@takes(MEASURING, "measuring")
@command
@by_flags
def measure(
    artifacts: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH", help="Artifacts' folders or manifests, .onnx, .tflite, .xml, TorchScript; or one bundle."
        ),
    ],
    tune_thresholds: TuneThresholds = None, target: Targets = None, dataset: DatasetName = None,
    data_dir: DataDir = None, task: TaskName = None, reference: ReferenceFile = None, limit: Limit = None,
    threads: Threads = None, output: Output = None,
    resume: Annotated[Path | None, option("--resume", "FOLDER", "Complete the run of a bundle in this folder.")] = None,
    *, measuring: dict[str, Any],
) -> None:  # fmt: skip
    """Measure existing artifacts, or a bundle, on this machine.

    Needs only the runtimes of their formats: for ONNX no torch. The results
    go into results/TIME or --output, as with edgebench run. A bundle has its
    own plan, and flags override it.

    \b[bold]Examples[/bold]

    \bedgebench measure artifacts/resnet1d/none/onnx-int8
    edgebench measure artifacts/resnet1d/none/* --threads 1 --quick
    edgebench measure ship.bundle        # from edgebench bundle, on the device
    """
    values = fields(
        tune_thresholds=tune_thresholds, targets=target, dataset=dataset, data_dir=data_dir, task=task,
        reference=reference, limit=limit, threads=threads, measuring=measuring,
    )  # fmt: skip
    _exit(run_measure(artifacts, values, output, resume, RichView()))


class RichView:
    """A live view on standard error, then tables."""

    def progress(self, after: Callable[[], str]) -> AbstractContextManager[ProgressReporter]:
        """Bars while the block runs; `after` says on Ctrl-C how to continue."""
        return live(after)

    def result(self, run: Run) -> None:
        """Print the table."""
        from edgebench.reports import terminal

        terminal.show(run, out)

    def written(self, paths: Sequence[Path]) -> None:
        """Name the files."""
        say_written(paths)

    def next_steps(self, folder: Path, run: Run) -> None:
        """Print the next commands, where they have something to say."""
        from edgebench.choosing.recommendation import eligible
        from edgebench.choosing.untrained import is_untrained

        if any(map(eligible, run.measurements)):
            say_next(f"edgebench recommend {folder}", "which to ship, and why")
        elif any(map(is_untrained, run.measurements)):
            bound = "" if (run.plan.get("policy") or {}).get("max_latency_s") else " --max-latency 10ms"
            say_next(f"edgebench recommend {folder}{bound}", "which of them run so fast")
        if any(m.operators and m.precision != "fp32" for m in run.measurements):
            say_next(f"edgebench explain {folder}", "why int8 is as fast as it is")


def _exit(code: int) -> None:
    if code:
        raise typer.Exit(code)
