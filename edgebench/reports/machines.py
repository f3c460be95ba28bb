"""A run split by the machines that measured it: a report never shows two machines in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgebench.choosing import limits, pareto, policies
from edgebench.choosing.recommendation import Recommendation, recommend
from edgebench.core.measurements import Measurement, Run, by_machine
from edgebench.core.policy import Policy
from edgebench.reports import columns


@dataclass(frozen=True)
class Machine:
    """The cells of one machine, all on the same records."""

    name: str
    """The host, with the run or the data set where several machines would have the same name."""
    rows: list[Measurement]
    """All cells, in the order of the tables."""
    stars: set[str]
    """Ids of the cells on the Pareto front of their target."""
    environment: Mapping[str, Any]
    measuring: Mapping[str, Any]
    """The settings of measuring."""
    runs: tuple[str, ...]
    plan: Mapping[str, Any]
    """That of the first run."""
    policy: Policy
    """By which stars are given, and an artifact is recommended."""

    def on_front(self, m: Measurement) -> bool | None:
        """Whether a cell of this machine is on the Pareto front of its target; None where it is not ranked."""
        return m.cell.id in self.stars if pareto.ranked(m) else None

    def lost(self, m: Measurement) -> bool:
        """Whether a cell lost more than the allowed drop, so that it is never recommended and has no star."""
        return limits.lost(m, self.policy)

    @property
    def measured(self) -> list[Measurement]:
        """The cells that were measured."""
        return [m for m in self.rows if m.status == "ok"]


def split(run: Run) -> list[Machine]:
    """The machines of a run, by name."""
    found = []
    policy = policies.of_run(run)
    for name, rows in by_machine(replace(run, measurements=tuple(columns.ordered(run)))):
        first = next((m for m in rows if m.status == "ok"), rows[0])
        plan, environment = run.part_of(first).plan, dict(run.environment_of(first))
        # Runs that share a table have equal environments, but each knows only the threads of its own targets.
        threads = [run.environment_of(m).get("target_threads", {}) for m in rows]
        if any(threads):
            environment["target_threads"] = {target: n for known in threads for target, n in known.items()}
        found.append(
            Machine(
                name, rows, pareto.front(rows, policy), environment, plan.get("measuring", {}),
                tuple(dict.fromkeys(m.run for m in rows)), plan, policy,
            )
        )  # fmt: skip
    return found


def recommended(run: Run, machine: Machine) -> list[Recommendation]:
    """What to ship on each target of a machine, by the policy of the run."""
    return recommend(replace(run, measurements=tuple(machine.rows)), machine.policy)
