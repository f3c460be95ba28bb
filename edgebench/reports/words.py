"""Texts that several formats of a report share."""

from __future__ import annotations

from edgebench.core.measurements import Run
from edgebench.core.settings import QUICK

NOT_MEASURED = "No cell was measured."
NOT_SCORED = "No cell was scored."
UNTRAINED = "Untrained: random weights, no score."
STAR = (
    "no other cell on the target dominates it, that is, is better in one metric and worse in none, both beyond noise "
    "and tolerance, and costs less by the policy"
)
"""What the star means."""
LOST = "it lost more of the score, below its fp32 network, than the policy allows"
"""What the word `lost` means in place of a star."""
PALE = "Cells off the Pareto front: another cell dominates each."
EMULATED = "this machine is not that target: size and score count, the latency says nothing"
DOUBTED = "Doubtful timing"
EXPLAINED = "Why int8 is as fast as it is"
DELEGATED = "Operators that the format's backend takes"
WITHOUT = "Not measured"


def caveats(run: Run, paths: bool = False) -> list[str]:
    """A sentence for each incomplete run, with the command that completes it, and for each quick one.

    `paths` shows the whole path of the folder instead of its name; without it a report is the same on any machine.
    """
    found = []
    for part in run.parts or (run,):
        if part.unmeasured:
            left = f"{part.unmeasured} cell{'s are' if part.unmeasured > 1 else ' is'} not measured yet"
            command = "measure BUNDLE" if part.plan.get("dataset") == "bundle" else "run"
            again = f"edgebench {command} --resume {part.folder if paths else part.name}"
            found.append(f"{part.name} is incomplete: {left}. Unless it is still running, complete it: {again}")
        measuring = part.plan.get("measuring") or {}
        if measuring.get("preset") == QUICK:
            times = measuring.get("processes")
            often = "one process" if times == 1 else f"{times} processes"
            found.append(
                f"{part.name} was quick, for a first look: {often} a cell, few records; emulated cells were not timed, "
                "nothing was profiled. To choose or to publish, measure without --quick."
            )
    return found
