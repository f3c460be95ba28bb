"""`edgebench train` on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench import api
from edgebench.cli.console import err, live, out, say_written
from edgebench.cli.live_view import clock_text
from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.metrics import Metric
from edgebench.isolation.allocator import keep_memory
from edgebench.models import store
from edgebench.reports.plain import plain

if TYPE_CHECKING:
    from edgebench.training.state import EpochReport


SHOWN = 3
"""Metrics in the line of a split; the manifest has all."""


def show_training(name: str, dataset: str, directory: Path | None, **options: Any) -> None:
    """Train with a bar for the steps of an epoch and a line for each epoch, then print the scores."""
    from edgebench.training.loop import Watch, checkpoint_of
    from edgebench.training.state import is_unfinished

    if options.get("resume") and not (checkpoint := checkpoint_of(name, options["output"])).exists():
        raise ModelError(f"{checkpoint}: no checkpoint to resume; omit --resume to start")
    if not options.get("resume") and is_unfinished(checkpoint_of(name, options["output"])):
        checkpoint = checkpoint_of(name, options["output"])
        raise ModelError(
            f"{checkpoint}: an unfinished training is there: add --resume to continue it, or remove it to start again"
        )
    keep_memory()

    def after() -> str:
        if checkpoint_of(name, options["output"]).exists():
            return "finished epochs are kept. Continue: the same command with --resume"
        return "no epoch was finished; the same command starts again"

    with live(after, keep=False) as reporter:

        def on_step(step: int, steps: int, epoch: int) -> None:
            if step == 1 and err.is_interactive:  # without a terminal the line of each epoch is enough
                reporter.stage(f"epoch {epoch + 1}", steps)
            reporter.step()

        def on_epoch(report: EpochReport) -> None:
            left = report.seconds * (report.epochs - report.epoch)
            score, best = (_text(report.metric, value) for value in (report.score, report.best))
            line = (
                f"epoch {report.epoch}/{report.epochs}: loss {report.loss:.4f}, validation {report.metric.label} "
                f"{score} (best {best}), {report.seconds:.0f} s"
                + (f", at most {clock_text(left)} left" if left else "")
            )
            err.print(plain(line), soft_wrap=True)

        def note(text: str) -> None:
            err.print(plain(text, "yellow"))

        watch = Watch(on_step, on_epoch, reporter.progress, note)
        path = api.train(name, dataset, directory, watch=watch, **options)
    manifest = store.find(str(path)).manifest
    metrics = registry.task(manifest.task).metrics(len(manifest.classes), manifest.unit)
    for split, scores in manifest.scores.items():
        known = [(metric, scores.metrics[metric.name]) for metric in metrics[:SHOWN] if metric.name in scores.metrics]
        texts = ", ".join(f"{metric.heading} {metric.fine(value)}" for metric, value in known)
        out.print(plain(f"{split}: {texts} on {scores.records} records"))
    say_written([path])


def _text(metric: Metric, value: float | None) -> str:
    return "undefined" if value is None else metric.fine(value)
