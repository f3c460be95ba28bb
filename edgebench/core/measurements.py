"""The results of a run: a measurement for each cell, and the run as read from its folder. Standard library only."""

from __future__ import annotations

import functools
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core import units
from edgebench.core.cells import Cell
from edgebench.core.columns import COLUMNS, at
from edgebench.core.contracts import Status
from edgebench.core.job_results import Memory
from edgebench.core.operators import Operators
from edgebench.core.results import ArtifactFacts, Latency, Scores
from edgebench.core.settings import Measuring


@dataclass(frozen=True)
class Measurement:
    """The measurement of one cell, or the reason why there is none. A part that was not measured is None.

    `edgebench.core.flat_row` turns it into a row of report.csv.
    """

    run: str
    cell: Cell
    status: Status
    reason: str = ""
    emulated: bool = False
    """Whether the machine that measured is not the target."""
    format: str = ""
    """This and the precision are empty where there is no artifact."""
    precision: str = ""
    dataset: str = ""
    """Label of the test records."""
    host: str = ""
    """The machine that measured."""
    artifact: ArtifactFacts | None = None
    memory: Memory | None = None
    latency: Latency | None = None
    scores: Scores | None = None
    operators: Operators | None = None

    def __repr__(self) -> str:
        score = self.scores.primary if self.scores else None
        known = [
            units.size(self.artifact.file_size_bytes) if self.artifact else "",
            units.duration(self.latency.p50_s) if self.latency else "",
            f"{score.metric.label} {score.metric.text(score.value)}" if score else "",
            self.reason,
        ]
        return f"<{self.cell.label}: {', '.join(filter(None, [self.status, *known]))}>"

    if not TYPE_CHECKING:  # so that EdgeBench's own code names the parts

        def __getattr__(self, name: str) -> Any:
            """A column of report.csv by its name, such as `latency_p50_s`: for scripts."""
            if name in COLUMNS:
                return at(self, COLUMNS[name], name)
            if not name.startswith("_"):
                found = self.scores.columns() if self.scores else {name: None}  # the metrics are not known either
                if name in found:
                    return found[name]
            raise AttributeError(f"a measurement has no '{name}'")


@dataclass(frozen=True)
class Run:
    """A finished or interrupted run, read back from its folder."""

    name: str
    folder: Path
    plan: Mapping[str, Any]
    environment: Mapping[str, Any]
    measurements: tuple[Measurement, ...]
    devices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Environments of other machines that measured cells of this run, by the rows' `host`."""
    parts: tuple[Run, ...] = ()
    """The runs that this one was merged from; empty for a run that was not merged."""

    @property
    def unmeasured(self) -> int:
        """How many cells of the plan have no row yet; a resume measures them."""
        if self.parts:
            return sum(part.unmeasured for part in self.parts)
        counts = [len(self.plan.get(name) or ()) for name in ("models", "variants", "exporters")]
        files = len(self.plan.get("artifacts") or ()) or math.prod(counts)
        return max(0, files * len(self.plan.get("targets") or ()) - len(self.measurements))

    def environment_of(self, m: Measurement) -> Mapping[str, Any]:
        """The environment of the machine that measured a cell."""
        part = self.part_of(m)
        return part.devices.get(m.host, part.environment)

    def part_of(self, m: Measurement) -> Run:
        """The run that measured a cell: this one, or one of those that were merged into it."""
        return self._homes.get((m.run, m.host, m.cell.id), self)

    @functools.cached_property
    def _homes(self) -> dict[tuple[str, str, str], Run]:
        return {(m.run, m.host, m.cell.id): part for part in self.parts for m in part.measurements}


def by_machine(run: Run) -> list[tuple[str, list[Measurement]]]:
    """The cells that may share a table, under the name of their machine, in the run's order.

    Several runs on one machine share a table unless both have the same cell, or their test records, threads, packages
    or settings of measuring differ. Then each run has a table of its own.
    """
    found: list[tuple[str, list[Measurement]]] = []
    for host in sorted({m.host for m in run.measurements}):
        there = [m for m in run.measurements if m.host == host]
        apart = {_source(run, m): m for m in there}
        if len(apart) > 1 and not _go_together(run, there):
            taken: Counter[str] = Counter()
            groups = []
            for source in sorted(apart):
                taken[source[0]] += 1
                more = f" ({taken[source[0]]})" if taken[source[0]] > 1 else ""  # another folder of the same name
                groups.append((f"{host}, run {source[0]}{more}", [m for m in there if _source(run, m) == source]))
        else:
            groups = [(host, there)]
        for name, rows in groups:
            datasets = sorted({m.dataset for m in rows})
            found += [
                (f"{name}, {dataset}" if len(datasets) > 1 else name, [m for m in rows if m.dataset == dataset])
                for dataset in datasets
            ]
    return found


def _source(run: Run, m: Measurement) -> tuple[str, Path]:
    """What identifies the run that a cell is from: two folders may have the same name."""
    return m.run, run.part_of(m).folder


def _go_together(run: Run, rows: Sequence[Measurement]) -> bool:
    """Whether no cell occurs twice, and all cells were scored and timed under the same conditions."""
    records = {(m.dataset, m.scores.records) for m in rows if m.scores}
    measured = [m for m in rows if m.status == "ok"]
    alike = len({_conditions(run, m) for m in measured}) <= 1
    threads = {(m.cell.target, run.environment_of(m).get("target_threads", {}).get(m.cell.target)) for m in measured}
    once = len({m.cell.id for m in rows}) == len(rows)
    return once and alike and len(records) <= 1 and len(threads) == len({target for target, _ in threads})


def _conditions(run: Run, m: Measurement) -> str:
    """What must be equal, besides the threads, for cells of two runs on one machine to share a table."""
    facts = run.environment_of(m)
    # A plan of an earlier version lacks the newer fields; the timeout changes no number.
    measuring = asdict(Measuring()) | dict(run.part_of(m).plan.get("measuring") or {}) | {"timeout_s": None}
    return json.dumps([measuring, facts.get("python"), facts.get("packages")], sort_keys=True, default=str)
