"""Words that more than one format of a report has, so that all say the same."""

from __future__ import annotations

from edgebench.core.measurements import Run

NOT_MEASURED = "No cell was measured."
NOT_SCORED = "No cell was scored."
STAR = (
    "no other cell on the target beats it, that is, is better in a figure and worse in none, both beyond the noise. "
    "Where some beat each other in a circle, all of them have it"
)
"""What the front is, and so the star."""
PALE = "Cells that another one beats. That one may be pale itself."
EMULATED = "this machine is not that target; size and macro-F1 count, the latency says nothing"
DOUBTED = "Timing not to be trusted"
EXPLAINED = "Why int8 is as fast as it is"
WITHOUT = "Without numbers"


def incomplete(run: Run, paths: bool = False) -> list[str]:
    """A sentence for each of its runs that has cells to come, with the command that measures them.

    `paths` names the folder as it was given, else by its name alone: a report is the same wherever it is made.
    """
    found = []
    for part in run.parts or (run,):
        if part.unmeasured:
            left = f"{part.unmeasured} cell{'s are' if part.unmeasured > 1 else ' is'} to come"
            verb = "measure" if part.plan.get("artifacts") else "run"
            again = f"edgebench {verb} --resume {part.folder if paths else part.name}"
            found.append(f"{part.name} is not complete, {left}; where no process is at it any more: {again}")
    return found
