"""The end of a search: its front becomes an ordinary run, which looks at the test split for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebench.choosing import pareto, reasons
from edgebench.choosing.recommendation import recommend
from edgebench.choosing.values import Metric
from edgebench.core.contracts import REFERENCE
from edgebench.core.errors import RunError
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.optimization import budget, objective
from edgebench.optimization.request import Request
from edgebench.optimization.screens import manifest
from edgebench.optimization.space import UNCHANGED
from edgebench.pipeline import harness, read_plan, run_store, trials
from edgebench.pipeline.trials import SEARCH, Batch, Journal, Trial


def measured(asked: Request, journal: Journal, folder: Path, home: Path, reporter: ProgressReporter) -> Run:
    """The run of the finalists; an interrupted one is completed."""
    resume = (folder / "plan.json").is_file()
    if resume:
        plan = read_plan.of_run(run_store.stored_plan(folder), {})
    else:
        limits = budget.of(asked, journal.batches, max((b.records for b in journal.batches), default=0))
        chosen = finalists(asked, journal.batches, limits.finalists)
        paths = [manifest(home, UNCHANGED, REFERENCE), *(manifest(home, *one.key) for one in chosen)]
        paths.append(manifest(home, UNCHANGED, asked.baseline))
        if not paths[0].is_file() or all(t.exporter == REFERENCE for t in trials.all_trials(journal.batches)):
            raise RunError(f"{folder}: the time was over before any exporter was tried; give it a longer --budget")
        paths = [path for path in paths if path.is_file()]
        plan = asked.plan.replaced(artifacts=tuple(dict.fromkeys(paths)), measuring=limits.in_time(len(paths)))
    return harness.run(plan, folder, resume, reporter, beside=(SEARCH,))


def finalists(asked: Request, batches: Sequence[Batch], most: int) -> list[Trial]:
    """What the final run measures beside the network itself and the baseline: at most so many, the best first.

    Those on the front of the trials come first; then others within the bounds, since short timings may err. Trials
    that were confirmed go by what they were confirmed as. Of two with the same name, trained for different numbers of
    epochs, the better one is taken: a run has one of each.
    """
    pool, policy = _last(batches), asked.plan.measure.policy
    found: dict[tuple[str, str], Trial] = {}
    for trial in (*objective.front(pool, policy), *objective.ranked(pool, policy)):
        name = trial.variant, trial.exporter
        if name not in ((UNCHANGED, REFERENCE), (UNCHANGED, asked.baseline)):
            found.setdefault(name, trial)
    return list(found.values())[:most]


def picked(asked: Request, batches: Sequence[Batch]) -> Trial | None:
    """What the validation records alone choose, by the short timings; None where nothing meets the bounds."""
    return next(iter(objective.ranked(_last(batches), asked.plan.measure.policy)), None)


def _last(batches: Sequence[Batch]) -> list[Trial]:
    """The trials that decide: those that were confirmed; where there was no time for it, all."""
    confirmed = [b for b in batches if b.step.stage == "confirm" and not b.reason]
    return trials.all_trials(confirmed or batches)


def doubted(asked: Request, run: Run, batches: Sequence[Batch]) -> str:
    """Where the recommended artifact misses a bound on the validation records, that; empty where it does not."""
    policy = asked.plan.measure.policy
    chosen = next((answer.chosen for answer in recommend(run, policy) if answer.chosen), None)
    last = [
        t.measurement
        for t in trials.all_trials(batches)
        if chosen and chosen.artifact and t.measurement.artifact and t.measurement.scores
        and t.measurement.artifact.sha256 == chosen.artifact.sha256
    ]  # fmt: skip
    if not last or objective.within(last[-1], policy):
        return ""
    own = picked(asked, batches)
    name = reasons.title(own.measurement) if own else "nothing"
    return f"It misses a bound on the validation records, which alone choose {name}."


def compared(asked: Request, run: Run) -> str:
    """How the recommended artifact of the run compares with the baseline in what is preferred, in a sentence."""
    policy, name = asked.plan.measure.policy, asked.baseline
    chosen = next((answer.chosen for answer in recommend(run, policy) if answer.chosen), None)
    base = next((m for m in run.measurements if (m.cell.variant, m.cell.exporter) == (UNCHANGED, name)), None)
    if chosen is None:
        return "No artifact meets the bounds on the test records."
    if base is None or base.status != "ok":
        return f"The default {name} was not measured, so nothing is compared with it."
    if chosen is base:
        return f"Nothing that was tried is better than the default {name}."
    metric: Metric = "latency" if policy.preferred == "balanced" else policy.preferred
    if chosen.emulated and metric == "latency":
        metric = "size"
    texts = [reasons.shown(m, metric) for m in (chosen, base)]
    sign = pareto.significant([chosen, base], metric, policy.tolerances)[0, 1]
    said = {-1: "is better than", 0: "does not differ significantly from", 1: "is worse than"}[int(sign)]
    return f"{reasons.title(chosen)} {said} the default {name} in {metric}: {texts[0]}, against {texts[1]}."


def shipped(asked: Request, run: Run, batches: Sequence[Batch], output: str = "ship") -> str:
    """The command that builds the recommended artifact again, alone; empty where there is none."""
    chosen = next((answer.chosen for answer in recommend(run, asked.plan.measure.policy) if answer.chosen), None)
    sha256 = chosen.artifact.sha256 if chosen and chosen.artifact else ""
    made = (t for t in trials.all_trials(batches) if t.measurement.artifact and t.measurement.artifact.sha256 == sha256)
    found = next(made, None)
    return rebuild(asked, found, output) if found and sha256 else ""


def rebuild(asked: Request, trial: Trial, output: str) -> str:
    """The command that builds one artifact of the search again, alone."""
    build, measure = asked.plan.build, asked.plan.measure
    parts = ["edgebench export", f"--model {build.models[0]}"]
    parts += [f"--weights {build.weights}"] if build.weights else []
    parts += [f"--variant {trial.variant}"] if trial.variant != UNCHANGED else []
    parts += [f"--exporter {trial.exporter}", f"--dataset {measure.dataset}"]
    parts += [f"--data-dir {measure.data_dir}"] if measure.data_dir else []
    parts += [f"--dataset-option {name}={value}" for name, value in measure.dataset_options.items()]
    parts += [f"--task {measure.task}"] if measure.task else []
    parts += [f"--calibration-records {build.calibration_records}"]
    parts += [f"--finetune-epochs {trial.epochs}"] if trial.epochs else []
    return " ".join([*parts, f"-o {output}"])
