"""What samples of latency say, and how sure: medians, ratios, spread and drift. NumPy alone, as a device needs it.

Samples of one process share its memory layout and its minute, so they are not independent of each other: the processes
are what is counted. With few of them the plain percentile bootstrap is too narrow (three processes can show no more
than the range of their medians, outside of which the true median is in a quarter of all cases). So the bootstrap gives
the standard error, times sqrt(n / (n - 1)) since n of n spread by that much too little, and Student's t with n - 1
degrees of freedom the width, as Hesterberg (2015, "What Teachers Should Know about the Bootstrap", The American
Statistician 69) proposes for small samples.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 400
"""Bootstrap samples of each process."""
DRAWS = 20_000
"""Bootstrap samples of the processes: each takes one of the former, which costs little."""
NORMAL = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""

WIDEST = math.log(1e5)
"""Half of an interval's width, at most: processes that differ by more say nothing, and files bound all times."""


class Ratio(NamedTuple):
    """How many times as long one takes as another, with the ends of its 95 % interval."""

    ratio: float
    low: float
    high: float


def median_interval(processes: Sequence[Floats], seed: int = 0) -> tuple[float, float]:
    """95 % interval of the median over all samples, by a hierarchical bootstrap: processes, then their samples.

    `processes` holds the samples of each, in seconds. On logarithms, since times spread by factors; what is drawn is
    the mean of the processes' medians. One process alone can only tell of its own samples.
    """
    count = len(processes)
    rng = np.random.default_rng(seed)
    redrawn = np.log([_redrawn_medians(samples, rng) for samples in processes])  # (processes, RESAMPLES)
    within = float(redrawn.var(axis=1, ddof=1).mean()) / count
    if count == 1:
        half = NORMAL * math.sqrt(within)
    else:
        drawn = rng.integers(count, size=(count, DRAWS))
        both = float(redrawn[drawn, rng.integers(RESAMPLES, size=drawn.shape)].mean(axis=0).var(ddof=1))
        # Processes that are drawn bring their samples' noise along; drawing the samples too counts it twice
        # (Davison and Hinkley, 1997, Bootstrap Methods and their Application, section 3.8).
        once = max(0.0, both - within)
        half = student_t(count - 1) * math.sqrt(once * count / (count - 1))
        # Processes may agree by chance; what their samples leave open stays open.
        half = max(half, math.sqrt(within))
    centre = math.log(float(np.median(np.concatenate(processes))))
    half = min(half, WIDEST)
    return math.exp(centre - half), math.exp(centre + half)


def _redrawn_medians(samples: Floats, rng: np.random.Generator) -> Floats:
    """Medians of RESAMPLES bootstrap samples, some at a time so that it stays within a board's memory."""
    at_once = max(1, 500_000 // len(samples))
    parts = [
        np.median(samples[rng.integers(len(samples), size=(min(at_once, RESAMPLES - start), len(samples)))], axis=1)
        for start in range(0, RESAMPLES, at_once)
    ]
    return np.concatenate(parts)


def ratio(new: Sequence[float], old: Sequence[float]) -> Ratio:
    """Of the medians of processes that ran at different times: Welch's t interval of the mean logarithms.

    Needs two processes on either side; raises ValueError for fewer.
    """
    if min(len(new), len(old)) < 2:
        raise ValueError("an interval needs two processes on either side")
    logs = [np.log(np.asarray(side, np.float64)) for side in (new, old)]
    shares = [float(side.var(ddof=1)) / len(side) for side in logs]
    centre = float(logs[0].mean() - logs[1].mean())
    total = sum(shares)
    if total == 0:
        return Ratio(math.exp(centre), math.exp(centre), math.exp(centre))
    freedom = total**2 / sum(share**2 / (len(side) - 1) for share, side in zip(shares, logs, strict=True))
    half = student_t(max(1.0, freedom)) * math.sqrt(total)
    return Ratio(math.exp(centre), math.exp(centre - half), math.exp(centre + half))


def paired_ratio(new: Sequence[float], old: Sequence[float]) -> Ratio:
    """Of the medians of processes that ran in pairs, one after the other: the t interval of the pairs' logarithms.

    What slows both processes of a pair alike drops out. Raises ValueError for fewer than two pairs.
    """
    if len(new) != len(old) or len(new) < 2:
        raise ValueError("an interval needs two pairs of processes")
    logs = np.log(np.asarray(new, np.float64)) - np.log(np.asarray(old, np.float64))
    centre = float(logs.mean())
    half = student_t(len(logs) - 1) * float(logs.std(ddof=1)) / math.sqrt(len(logs))
    return Ratio(math.exp(centre), math.exp(centre - half), math.exp(centre + half))


def spread(medians: Sequence[float]) -> float:
    """Largest median of a process over the smallest; 1 where all are alike."""
    return max(medians) / min(medians)


def drift(samples: Floats) -> float:
    """How much slower the last third of a process was than its first, as a factor of their medians."""
    third = max(1, len(samples) // 3)
    return float(np.median(samples[-third:]) / np.median(samples[:third]))


@functools.cache
def student_t(freedom: float, level: float = 0.95) -> float:
    """Two-sided quantile of Student's t distribution; degrees of freedom need not be whole.

    Found by bisection of its distribution function, which is integrated by Simpson's rule after t = sqrt(f) tan(a).
    Held in the tests against SciPy, which a device need not have.
    """
    low, high = 0.0, math.pi / 2
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    for _ in range(50):
        middle = (low + high) / 2
        angles = np.linspace(0, middle, 2001)
        values = np.cos(angles) ** (freedom - 1)
        area = scale * middle / 6000 * (values[0] + values[-1] + 4 * values[1:-1:2].sum() + 2 * values[2:-1:2].sum())
        low, high = (middle, high) if area < level / 2 else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)
