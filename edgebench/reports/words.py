"""Words that more than one format of a report has, so that all say the same."""

from __future__ import annotations

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
