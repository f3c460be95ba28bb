"""What a search tried and dropped, and why: a section of the reports of its run, with a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgebench.choosing import limits
from edgebench.choosing.recommendation import eligible
from edgebench.choosing.values import Metric, value_of
from edgebench.core import validation
from edgebench.core.errors import RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.policy import Policy
from edgebench.pipeline import trials
from edgebench.pipeline.trials import Batch, Trial
from edgebench.reports import columns, drawing, pictures
from edgebench.reports.pictures import Picture
from edgebench.reports.text import escaped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILE = "report-search.svg"
TITLE = "What the search tried"
HEADINGS = ("stage", "exporter", "epochs", "size", "p50", "Δ", "result")
BLANK = ("",) * (len(HEADINGS) - 3)
CAPTION = (
    "Each point is a trial, on validation records and with a short timing; pale ones miss a bound. The line is the "
    "best so far. The table has the trials in their order; only the best are measured in full, above."
)
SCALES: Mapping[Metric, tuple[float, str]] = {
    "latency": (1e3, "median latency in ms"), "size": (1e-6, "file size in MB"), "memory": (1e-6, "peak memory in MB"),
    "score": (1.0, "score"),
}  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """The batches of a search, and the policy that judged its trials."""

    batches: tuple[Batch, ...]
    policy: Policy
    left_out: Mapping[str, str]
    """What was not tried, with the reason."""

    @property
    def metric(self) -> Metric:
        """What the picture shows: the preferred metric, or the latency; of an emulated target the size instead."""
        preferred = self.policy.preferred
        wanted: Metric = "latency" if preferred == "balanced" else preferred
        emulated = any(t.measurement.emulated for t in trials.all_trials(self.batches))
        return "size" if wanted == "latency" and emulated else wanted


def of(run: Run) -> Tried | None:
    """The search of a run; None where there was none, or where its journal cannot be read."""
    home = run.folder / trials.SEARCH
    if run.parts or not (home / trials.JOURNAL).is_file():
        return None
    try:
        batches = trials.read(home).batches
        policy = validation.validated(Policy, run.plan.get("policy") or {}, str(run.folder), RunError)
    except RunError:
        return None
    return Tried(tuple(batches), policy, trials.left_out(home))


def summary(tried: Tried) -> str:
    """How many were tried, and how long it took."""
    every = trials.all_trials(tried.batches)
    good = sum(not _why(t.measurement, tried.policy) for t in every)
    minutes = sum(b.seconds for b in tried.batches) / 60
    return f"{len(every)} trials in {minutes:.1f} minutes, {good} of them within the bounds."


def rows(tried: Tried) -> list[list[str]]:
    """The rows of the table, as plain texts."""
    found = []
    for batch, trial in _each(tried):
        m = trial.measurement
        found.append([
            batch.step.stage, m.cell.name, str(trial.epochs or ""), columns.size(columns.file_size(m)),
            columns.duration(columns.median(m)), columns.delta(m), _why(m, tried.policy) or "within the bounds",
        ])  # fmt: skip
    found += [[b.step.stage, ", ".join(b.step.exporters), *BLANK, b.reason] for b in tried.batches if b.reason]
    return found + [["left out", name, *BLANK, reason] for name, reason in tried.left_out.items()]


def section(run: Run, level: str = "##") -> tuple[list[str], dict[str, str]]:
    """The paragraphs of report.md and the files of their picture; nothing for a run without a search."""
    from tabulate import tabulate

    tried = of(run)
    if tried is None:
        return [], {}
    parts, drawn = [f"{level} {TITLE}", summary(tried)], picture(tried)
    if drawn:
        parts += [f"![{escaped(drawn.text, '[]')}]({drawn.file})", CAPTION]
    cells = [[escaped(cell) for cell in row] for row in rows(tried)]
    parts.append(str(tabulate(cells, HEADINGS, tablefmt="github", disable_numparse=True)))
    return parts, {drawn.file: drawn.svg} if drawn else {}


def picture(tried: Tried) -> Picture | None:
    """Quality against the budget: the preferred metric of each trial by the time at which it ended."""
    points = [
        (seconds / 60, value, not _why(t.measurement, tried.policy))
        for seconds, t in _times(tried)
        if (value := value_of(t.measurement, tried.metric)) is not None
    ]
    if not points:
        return None
    from matplotlib.figure import Figure

    scale, label = SCALES[tried.metric]
    with drawing.style(font_size=9):
        figure = Figure(figsize=(8, 3.6), dpi=72, layout="constrained")
        axes: Axes = figure.subplots()
        axes.grid(alpha=0.25, lw=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        for within, alpha in ((False, 0.3), (True, 1.0)):
            there = [(x, y * scale) for x, y, good in points if good == within]
            axes.scatter([x for x, _ in there], [y for _, y in there], s=24, alpha=alpha, color="#177099", linewidths=0)
        best = list(_best(points, tried.metric))
        axes.step([x for x, _ in best], [y * scale for _, y in best], where="post", color="#cf8006", lw=1.2)
        axes.set(xlabel="minutes of the search", ylabel=label)
        if tried.metric != "score":
            axes.set_yscale("log")
            pictures.plain_numbers(axes.yaxis)
        return Picture(FILE, f"{label} of each trial against the time", drawing.svg(figure))


def _best(points: list[tuple[float, float, bool]], metric: Metric) -> Iterator[tuple[float, float]]:
    """The best value within the bounds so far, after each trial."""
    better = max if metric == "score" else min
    best: float | None = None
    for x, y, within in points:
        if within:
            best = y if best is None else better(best, y)
        if best is not None:
            yield x, best


def _times(tried: Tried) -> Iterator[tuple[float, Trial]]:
    """Each trial with the seconds at which it ended; those of a batch share its time."""
    begun = 0.0
    for batch in tried.batches:
        for number, trial in enumerate(batch.trials, 1):
            yield begun + batch.seconds * number / len(batch.trials), trial
        begun += batch.seconds


def _each(tried: Tried) -> Iterator[tuple[Batch, Trial]]:
    for batch in tried.batches:
        for trial in batch.trials:
            yield batch, trial


def _why(m: Measurement, policy: Policy) -> str:
    """Why a trial was dropped; empty where it is within the bounds."""
    if not eligible(m) or m.scores is None:
        return f"{m.status}: {m.reason}" if m.status != "ok" else m.reason or "without some metric"
    bounds = limits.bounds(policy, m.emulated, m.scores.primary.metric)
    return "; ".join(bound.miss_text(m) for bound in limits.missed(m, bounds))
