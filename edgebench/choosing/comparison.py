"""Two runs, or two cells of one run, side by side: ratios with intervals; and what of it is a regression."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core.errors import PlanError, RunError
from edgebench.core.files import write_text
from edgebench.core.job_keys import JobKey
from edgebench.core.measurements import Measurement, Run
from edgebench.core.serialization import all_readable, readable, to_dict
from edgebench.core.settings import Bounds as Bounds
from edgebench.core.validation import validated
from edgebench.measuring.latency_statistics import Ratio, paired_ratio, ratio
from edgebench.pipeline import run_store

ALIKE = 0.05
"""Two latencies whose ratio is surely within so much of 1 are called alike."""


@dataclass(frozen=True)
class Compared:
    """One cell beside another: what is new over what was."""

    new: Measurement
    old: Measurement
    latency: Ratio | None
    """None where a side has no times, or fewer than two processes."""
    size: float | None
    memory: float | None
    f1_change: float | None
    fastest: float | None = None
    """Ratio of the fastest samples; None where a side does not know its own."""

    @property
    def said(self) -> str:
        """What the interval of the ratio leaves: `slower`, `faster`, `alike`, or `undecided`; empty without one.

        Alike is what differs by less than `ALIKE` beyond the noise; undecided what may be slower or faster by more.
        """
        if self.latency is None:
            return ""
        if self.latency.low > 1 or self.latency.high < 1:
            return "slower" if self.latency.low > 1 else "faster"
        return "alike" if self.latency.low >= 1 / (1 + ALIKE) and self.latency.high <= 1 + ALIKE else "undecided"


def compare(run: Path, other: Path | None = None, base: str = "", across_machines: bool = False) -> list[Compared]:
    """Hold the run in a folder against another (a folder, or a baseline file), or its cells against its cell `base`.

    Raises RunError, and PlanError for unlike machines, or where it is not one of the two.
    """
    if (other is None) == (not base):
        raise PlanError("name a second run, or a cell of the run: --base eager")
    found = run_store.read(run)
    return within(found, base) if other is None else compared(found, baseline(other), across_machines)


def gate(
    run: Path, against: Path, bounds: Bounds | None = None, across_machines: bool = False
) -> tuple[list[Compared], list[str]]:
    """The cells of the run in a folder beside those of a baseline, and a line for each that got worse.

    Raises RunError, and PlanError for unlike machines.
    """
    return regressions(run_store.read(run), baseline(against), bounds or Bounds(), across_machines)


def compared(new: Run, old: Run, across: bool = False) -> list[Compared]:
    """The cells that both runs measured, by name. Times of unlike machines are refused, unless `across`.

    So are those with other threads. Raises RunError where no cell is in both, PlanError for unlike machines.
    """
    if not across and (why := _unlike(new, old)):
        raise PlanError(f"{why}; --across-machines compares their times anyway")
    if not (found := _shared(new, old)):
        raise RunError(f"{new.name} and {old.name} have no measured cell in common")
    return found


def within(run: Run, base: str) -> list[Compared]:
    """Each cell of a run beside the cell `base` (an exporter, or `EXPORTER · VARIANT`) of its model and target.

    The processes of both are compared round by round: they ran in the same minutes. Raises RunError for no such cell.
    """
    rows = [m for m in run.measurements if _ok(m)]
    bases = {(m.model, m.target): m for m in rows if base in (m.cell.name, m.cell.name.replace(" · ", "/"))}
    if not rows:
        raise RunError(f"{run.name}: no cell was measured, so there is nothing to compare")
    if not bases:
        raise RunError(f"{run.name}: no measured cell is called '{base}'; there are {_names(rows)}")
    pairs = [(m, bases.get((m.model, m.target))) for m in rows]
    return [_pair(m, other, True, run, run) for m, other in pairs if other is not None and other is not m]


def regressions(new: Run, old: Run, bounds: Bounds, across: bool = False) -> tuple[list[Compared], list[str]]:
    """The cells that both measured, and a line for each that got worse than the bounds allow, or is no longer measured.

    What cannot be compared is a line too: a gate that saw nothing must not open. Raises PlanError for unlike machines,
    RunError where the baseline has no measured cell.
    """
    if not across and (why := _unlike(new, old)):
        raise PlanError(f"{why}; --across-machines compares their times anyway")
    if not any(map(_ok, old.measurements)):
        raise RunError(f"{old.name} has no measured cell to hold anything against")
    pairs = _shared(new, old)
    lines = [f"{_label(pair.new)}: {text}" for pair in pairs for text in _worse(pair, bounds)]
    rows = {m.cell: m for m in new.measurements}
    for was in old.measurements:
        now = rows.get(was.cell)
        if was.status == "ok" and (now is None or now.status != "ok"):
            lines.append(f"{_label(was)}: {f'{now.status}: {now.reason}' if now else 'is not in the run'}")
    return pairs, lines


def _shared(new: Run, old: Run) -> list[Compared]:
    before = {m.cell: m for m in old.measurements if _ok(m)}
    return [_pair(m, before[m.cell], False, new, old) for m in new.measurements if _ok(m) and m.cell in before]


def _worse(pair: Compared, bounds: Bounds) -> list[str]:
    found = []
    if pair.latency is None and not pair.new.emulated:
        found.append("its latency cannot be compared: that takes two processes on either side (--processes)")
    if pair.f1_change is None:
        found.append("its macro-F1 cannot be compared: the records are not the same (--dataset, --limit)")
    if (times := pair.latency) and _slower(times, bounds) and not _only_some(pair, bounds):
        interval = f"{times.low:.3f} to {times.high:.3f}"
        found.append(f"{times.ratio:.3f} times the latency ({interval}); {bounds.slowdown:g} may be lost")
    if pair.f1_change is not None and pair.f1_change < -bounds.f1_drop:
        found.append(f"macro-F1 {pair.f1_change:+.4f}; {bounds.f1_drop:g} may be lost")
    for name, grown, bound in (
        ("file", pair.size, bounds.size_growth), ("peak memory", pair.memory, bounds.memory_growth)
    ):  # fmt: skip
        if grown is not None and grown > 1 + bound:
            found.append(f"{grown:.3f} times the {name}; it may grow by {bound:g}")
    return found


def uncounted(pairs: Sequence[Compared], bounds: Bounds) -> list[str]:
    """A line for each cell whose median rose beyond bound and noise, while its fastest sample stayed where it was."""
    return [
        f"{_label(pair.new)}: {pair.latency.ratio:.3f} times the median latency, but {pair.fastest:.3f} times the "
        "fastest sample: other work on the machine slows some samples, a change of the code all"
        for pair in pairs
        if pair.latency and _slower(pair.latency, bounds) and _only_some(pair, bounds)
    ]


def untold(pairs: Sequence[Compared], bounds: Bounds) -> str:
    """How many latencies the noise leaves open by more than the bound, and how far; empty where there are none."""
    timed = [pair.latency for pair in pairs if pair.latency]
    unsure = [times for times in timed if times.high > 1 + bounds.slowdown and not _slower(times, bounds)]
    if not unsure:
        return ""
    worst = max(times.high for times in unsure)
    return (
        f"{len(unsure)} of {len(timed)} latencies are too noisy to judge: the worst may be {worst:.2f} times what it "
        "was; more --processes, or a quieter machine, narrow that"
    )


def _slower(times: Ratio, bounds: Bounds) -> bool:
    return times.ratio > 1 + bounds.slowdown and times.low > 1


def _only_some(pair: Compared, bounds: Bounds) -> bool:
    """Whether the fastest sample did not become slower along with the median."""
    return pair.fastest is not None and pair.fastest <= 1 + bounds.slowdown / 2


def save_baseline(run: Run, path: Path) -> None:
    """Write what a later run is held against into one file.

    Raises RunError where no cell was measured: nothing could be held against that; and DiskFull.
    """
    if not any(map(_ok, run.measurements)):
        raise RunError(f"{run.name}: no cell was measured, so that it is no baseline")
    rows = [to_dict(replace(m, process_medians_s=_medians(m, run))) for m in run.measurements]
    document = {"run": run.name, "environment": dict(run.environment), "measurements": rows}
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def baseline(path: Path) -> Run:
    """A run's folder, or a file that `save_baseline` wrote; raises RunError."""
    if path.is_dir():
        return run_store.read(path)
    try:
        data = all_readable(json.loads(path.read_text(encoding="utf-8")))  # it may come from another machine
        rows = tuple(validated(Measurement, row, str(path), RunError) for row in data["measurements"])
        return Run(str(data["run"]), path, {}, dict(data["environment"]), rows)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RunError(f"{path}: not a baseline; write one: edgebench gate RUN --write-baseline {path}") from None


def _pair(new: Measurement, old: Measurement, paired: bool, new_run: Run, old_run: Run) -> Compared:
    same_records = (new.dataset, new.records) == (old.dataset, old.records)
    known = same_records and new.macro_f1 is not None and old.macro_f1 is not None
    return Compared(
        new, old, _latency(_medians(new, new_run), _medians(old, old_run), paired),
        _quotient(new.file_size_bytes, old.file_size_bytes), _quotient(new.peak_rss_bytes, old.peak_rss_bytes),
        (new.macro_f1 or 0) - (old.macro_f1 or 0) if known else None,
        _quotient(new.latency_min_s, old.latency_min_s),
    )  # fmt: skip


def _unlike(new: Run, old: Run) -> str:
    """Why the times of two runs do not compare, as `readable` text; empty where they do."""
    return readable(_difference(new, old))


def _difference(new: Run, old: Run) -> str:
    if new.environment.get("fingerprint") != old.environment.get("fingerprint"):
        return f"{new.name} was measured on {_machine(new)}, {old.name} on {_machine(old)}"
    threads, others = (dict(run.environment.get("target_threads", {})) for run in (new, old))
    for target in sorted(threads.keys() & others.keys()):
        if threads[target] != others[target]:
            return f"on {target}, {new.name} had {threads[target]} threads and {old.name} {others[target]}"
    return ""


def _medians(m: Measurement, run: Run) -> tuple[float, ...]:
    """Of each process; from the samples where the run was measured before they were kept. Empty where emulated."""
    if m.emulated:
        return ()
    files = (run_store.output_of(run.folder, JobKey.of_cell("latency", m.cell, n)) for n in itertools.count())
    there = itertools.takewhile(Path.is_file, files)
    return m.process_medians_s or tuple(float(np.median(np.load(path))) for path in there)


def _latency(new: tuple[float, ...], old: tuple[float, ...], paired: bool) -> Ratio | None:
    shared = min(len(new), len(old))
    if shared < 2:
        return None
    return paired_ratio(new[:shared], old[:shared]) if paired else ratio(new, old)


def _quotient(new: float | None, old: float | None) -> float | None:
    return new / old if new is not None and old else None


def _ok(m: Measurement) -> bool:
    return m.status == "ok"


def _label(m: Measurement) -> str:
    return f"{m.model} {m.cell.name} on {m.target}"


def _machine(run: Run) -> str:
    facts: Mapping[str, Any] = run.environment
    return f"{facts.get('board') or facts.get('cpu')} ({facts.get('fingerprint')})"


def _names(rows: Sequence[Measurement]) -> str:
    return ", ".join(sorted({m.cell.name for m in rows}))
