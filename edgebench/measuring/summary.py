"""From the timed processes of a cell to its latency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.job_results import ColdStart, TimedProcess
from edgebench.core.results import Batches, Energy, Latency, Loading, Paced, Steadiness, Verdict
from edgebench.measuring.latency_statistics import drift, median_interval, spread

NOISY_SPREAD = 1.10
"""A cell is noisy if the medians of its processes differ by more than this factor,"""
NOISY_DRIFT = 1.10
"""or if the last third of a process is that much slower or faster than its first,"""
NOISY_BACKGROUND = 0.25
"""or if other processes kept that many cores busy."""
LEAST_SAMPLES = 6
"""The fewest samples of one process with a 95 % interval of their median: all of fewer lie on one side of it in more
than 5 % of cases."""
P99_SAMPLES = 662
"""The fewest samples with a 99th percentile: with fewer, no sample is an upper end of its 95 % interval."""

Timed = tuple[TimedProcess, Path]
"""What one process of a timed pass reported, and the file of its samples."""


def latency(
    closed: Sequence[Timed], emulated: bool, paced: Sequence[Timed] = (),
    batches: Mapping[int, Sequence[Timed]] | None = None, cold: Sequence[ColdStart] = (), quick: bool = False,
    short: str = "",
) -> Latency:  # fmt: skip
    """The latency of a cell from the processes of its passes.

    `closed` are those that predict one record after the other; `batches` those with larger batches, by their size.
    `quick` is for a quick run; `short` says what a limit of time left out.
    """
    samples = samples_of(path for _, path in closed)
    by_size = {size: done for size, done in (batches or {}).items() if done}
    every = [*closed, *paced, *(one for done in by_size.values() for one in done)]
    word, reason = verdict(samples, [process for process, _ in every], emulated, quick, short)
    found = _closed([process for process, _ in closed], samples, emulated, quick)
    return replace(
        found, steadiness=replace(found.steadiness, verdict=word, reason=reason), cold=_cold(cold),
        paced=_paced(paced, quick), batches=_batches(by_size, samples),
    )  # fmt: skip


def verdict(
    samples: Sequence[NDArray[np.float64]],
    processes: Sequence[TimedProcess],
    emulated: bool,
    quick: bool = False,
    short: str = "",
) -> tuple[Verdict | None, str]:
    """How far the timing of a cell can be trusted, and why not further; None for a single process.

    `samples` are those of each process of the closed pass, `processes` the reports of all timed processes.
    """
    if emulated:
        return "emulated", ""
    slowed = ""
    if any(p.throttled for p in processes):
        causes = dict.fromkeys(cause for p in processes for cause in p.throttled_by)
        slowed = f"slowed down ({'; '.join(causes) or 'heat or low voltage'})"
    if quick:
        count = "1 process, no interval" if len(samples) == 1 else f"{len(samples)} processes"
        return "quick", "; ".join(filter(None, [count, short, slowed, *_noise(samples, processes)]))
    if slowed:
        return "throttled", slowed
    reasons = _noise(samples, processes)
    if short:
        return "short", "; ".join([short, *reasons])
    if reasons:
        return "noisy", "; ".join(reasons)
    return ("stable" if len(samples) > 1 else None), ""


def _noise(samples: Sequence[NDArray[np.float64]], processes: Sequence[TimedProcess]) -> list[str]:
    """What is noisy in the timing of a cell."""
    apart = spread([float(np.median(p)) for p in samples])
    others = max((p.background_cores or 0.0 for p in processes), default=0.0)
    reasons = []
    if apart > NOISY_SPREAD:
        reasons.append(f"its processes differ by {apart:.2f} times")
    worst = max(map(drift, samples), key=_factor)
    if len(samples[0]) >= LEAST_SAMPLES and _factor(worst) > NOISY_DRIFT:
        how = f"{worst:.2f} times slower" if worst > 1 else f"{1 / worst:.2f} times faster"
        reasons.append(f"a process became {how} while it ran")
    if others > NOISY_BACKGROUND:
        reasons.append(f"others kept {others:.1f} cores busy")
    return reasons


def samples_of(files: Iterable[Path]) -> list[NDArray[np.float64]]:
    """Samples of each process in seconds, as many as the shortest has, so that all processes count alike."""
    measured = [np.load(path) for path in files]
    return [samples[: min(map(len, measured))] for samples in measured]


def _interval(samples: list[NDArray[np.float64]], quick: bool) -> tuple[float, float] | tuple[None, None]:
    """The interval of the median; None where nothing is known of it.

    One process does not tell how processes differ, which a quick run does not hide.
    """
    if len(samples) == 1 and (quick or len(samples[0]) < LEAST_SAMPLES):
        return None, None
    return median_interval(samples)


def _closed(
    processes: Sequence[TimedProcess], samples: list[NDArray[np.float64]], emulated: bool, quick: bool
) -> Latency:
    pooled = np.concatenate(samples)
    low, high = _interval(samples, quick)
    # The energy that this machine takes is not that of the target it stands for.
    energies = [p.energy_j for p in processes if p.energy_j is not None and not emulated]
    source = next((p.energy_source for p in processes if p.energy_source), "")
    return Latency(
        p50_s=float(np.median(pooled)), p50_low_s=low, p50_high_s=high,
        min_s=float(pooled.min()), p90_s=float(np.quantile(pooled, 0.9)), p95_s=float(np.quantile(pooled, 0.95)),
        p99_s=float(np.quantile(pooled, 0.99)) if len(pooled) >= P99_SAMPLES else None, max_s=float(pooled.max()),
        samples=len(pooled), process_medians_s=tuple(float(np.median(p)) for p in samples),
        throughput_per_s=len(pooled) / float(pooled.sum()),
        steadiness=Steadiness(
            background_cores=_largest([p.background_cores for p in processes]),
            drift=max(map(drift, samples), key=_factor),
            temperature_c=_largest([p.temperature_c for p in processes]),
        ),
        warm=_loading(processes),
        energy=Energy(float(np.median(energies)), source) if energies else None,
    )  # fmt: skip


def _factor(ratio: float) -> float:
    """How far a ratio is from 1, in either direction."""
    return max(ratio, 1 / ratio)


def _largest(values: Sequence[float | None]) -> float | None:
    """The largest of those that are known."""
    return max((value for value in values if value is not None), default=None)


def _loading(processes: Sequence[TimedProcess | ColdStart]) -> Loading:
    return Loading(
        float(np.median([p.load_s for p in processes])), float(np.median([p.first_inference_s for p in processes]))
    )


def _cold(processes: Sequence[ColdStart]) -> Loading | None:
    evicted = [p for p in processes if p.evicted]
    return _loading(evicted) if evicted else None


def _paced(passes: Sequence[Timed], quick: bool) -> Paced | None:
    if not passes:
        return None
    samples = samples_of(path for _, path in passes)
    low, high = _interval(samples, quick)
    return Paced(passes[0][0].period_s, float(np.median(np.concatenate(samples))), low, high)


def _batches(sizes: Mapping[int, Sequence[Timed]], single: list[NDArray[np.float64]]) -> Batches | None:
    """Records per second by batch size, from the medians; batch 1 is the closed pass."""
    if not sizes:
        return None
    medians = {1: float(np.median(np.concatenate(single)))}
    medians |= {
        size: float(np.median(np.concatenate(samples_of(path for _, path in done)))) for size, done in sizes.items()
    }
    rates = {size: size / median for size, median in sorted(medians.items())}
    return Batches({str(size): rate for size, rate in rates.items()}, max(rates, key=lambda size: rates[size]))
