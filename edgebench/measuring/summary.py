"""From the timed passes of a cell to the numbers of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Outcome
from edgebench.core.results import Verdict
from edgebench.measuring.latency_statistics import drift, median_interval, spread

NOISY_SPREAD = 1.10
"""Medians of a cell's processes that differ by more than this factor are noisy."""
NOISY_DRIFT = 1.10
"""So is a process whose last third was so much slower than its first, or the other way round."""
NOISY_BACKGROUND = 0.25
"""And one beside which others kept so many cores busy."""
P99_SAMPLES = 662
"""Samples from which on the 99th percentile is told: with fewer, its 95 % interval has no upper end among them."""

Process = tuple[Outcome, Path]
"""What one process gave, and the file of its samples."""


def timed(passes: Mapping[str, Sequence[Process]], emulated: bool) -> dict[str, Any]:
    """The columns of all passes of a cell by name: `latency`, `paced`, `batchN`, `cold`."""
    closed = passes["latency"]
    samples = samples_of(closed)
    values = _closed(closed, samples, emulated) | _cold(passes.get("cold", ()))
    values |= _paced(passes.get("paced", ())) | _batches(passes, samples)
    outcomes = [outcome.values for processes in passes.values() for outcome, path in processes if path.exists()]
    word, reason = verdict(samples, outcomes, emulated)
    return values | {"verdict": word, "verdict_reason": reason}


def verdict(
    processes: Sequence[NDArray[np.float64]], states: Sequence[Mapping[str, Any]], emulated: bool
) -> tuple[Verdict | None, str]:
    """How far a cell's timing can be trusted, and why not further; no word where there is only one process.

    `processes` are the samples of each closed process, `states` what each timed process said of the machine.
    """
    if emulated:
        return "emulated", ""
    if any(state.get("throttled") for state in states):
        said = dict.fromkeys(what for state in states for what in state.get("throttled_by", ()))
        return "throttled", f"slowed down ({'; '.join(said) or 'heat or low voltage'})"
    apart = spread([float(np.median(p)) for p in processes])
    drifts = [drift(p) for p in processes]
    others = max((state.get("background_cores") or 0.0 for state in states), default=0.0)
    reasons = []
    if apart > NOISY_SPREAD:
        reasons.append(f"its processes differ by {apart:.2f} times")
    worst = max(drifts, key=lambda d: max(d, 1 / d))
    if max(worst, 1 / worst) > NOISY_DRIFT:
        how = f"{worst:.2f} times slower" if worst > 1 else f"{1 / worst:.2f} times faster"
        reasons.append(f"a process became {how} while it ran")
    if others > NOISY_BACKGROUND:
        reasons.append(f"others kept {others:.1f} cores busy")
    if reasons:
        return "noisy", "; ".join(reasons)
    return ("stable" if len(processes) > 1 else None), ""


def samples_of(passes: Sequence[Process]) -> list[NDArray[np.float64]]:
    """Samples of each process, as many as the shortest has: the loop is bounded in time, and all count alike."""
    measured = [np.load(path) for _, path in passes]
    return [samples[: min(map(len, measured))] for samples in measured]


def _closed(passes: Sequence[Process], processes: list[NDArray[np.float64]], emulated: bool) -> dict[str, Any]:
    outcomes = [outcome.values for outcome, _ in passes]
    pooled = np.concatenate(processes)
    low, high = median_interval(processes)
    # What this machine takes is not what another one would.
    energies = [o["energy_j"] for o in outcomes if "energy_j" in o and not emulated]
    drifts = [drift(p) for p in processes]
    temperatures = [o["temperature_c"] for o in outcomes if o.get("temperature_c") is not None]
    return {
        "load_s": float(np.median([o["load_s"] for o in outcomes])),
        "first_inference_s": float(np.median([o["first_inference_s"] for o in outcomes])),
        "latency_p50_s": float(np.median(pooled)), "latency_p50_low_s": low, "latency_p50_high_s": high,
        "latency_min_s": float(pooled.min()), "latency_max_s": float(pooled.max()),
        "latency_p90_s": float(np.quantile(pooled, 0.9)), "latency_p95_s": float(np.quantile(pooled, 0.95)),
        "latency_p99_s": float(np.quantile(pooled, 0.99)) if len(pooled) >= P99_SAMPLES else None,
        "latency_samples": len(pooled), "throughput_per_s": len(pooled) / float(pooled.sum()),
        "process_medians_s": tuple(float(np.median(p)) for p in processes),
        "energy_j": float(np.median(energies)) if energies else None,
        "energy_source": next((o["energy_source"] for o in outcomes if "energy_source" in o), "") if energies else "",
        "background_cores": max((o["background_cores"] for o in outcomes if o.get("background_cores") is not None),
                                default=None),
        "drift": max(drifts, key=lambda d: max(d, 1 / d)),
        "temperature_c": max(temperatures, default=None),
    }  # fmt: skip


def _cold(passes: Sequence[Process]) -> dict[str, Any]:
    evicted = [outcome.values for outcome, _ in passes if outcome.values["evicted"]]
    if not evicted:
        return {}
    names = ("load_s", "first_inference_s")
    return {f"cold_{name}": float(np.median([o[name] for o in evicted])) for name in names}


def _paced(passes: Sequence[Process]) -> dict[str, Any]:
    if not passes:
        return {}
    processes = samples_of(passes)
    low, high = median_interval(processes)
    return {
        "paced_every_s": passes[0][0].values["period_s"], "paced_p50_s": float(np.median(np.concatenate(processes))),
        "paced_p50_low_s": low, "paced_p50_high_s": high,
    }  # fmt: skip


def _batches(passes: Mapping[str, Sequence[Process]], single: list[NDArray[np.float64]]) -> dict[str, Any]:
    """Records per second by batch size, from the medians, and the size with the most; batch 1 is the closed loop."""
    sizes = {
        int(name.removeprefix("batch")): done for name, done in passes.items() if name.startswith("batch") and done
    }
    if not sizes:
        return {}
    medians = {1: float(np.median(np.concatenate(single)))}
    medians |= {size: float(np.median(np.concatenate(samples_of(done)))) for size, done in sizes.items()}
    rates = {size: size / median for size, median in sorted(medians.items())}
    return {
        "batch_throughputs_per_s": {str(size): rate for size, rate in rates.items()},
        "best_batch": max(rates, key=lambda size: rates[size]),
    }
