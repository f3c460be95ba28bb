from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core.job_results import ColdStart, TimedProcess
from edgebench.core.results import Loading
from edgebench.measuring import summary

PROCESS = TimedProcess(0.2, 0.1, 5, background_cores=0.0)


def process(path: Path, samples: list[float], **values: Any) -> summary.Timed:
    np.save(path, np.array(samples))
    return replace(PROCESS, **values), path


def test_closed_passes_by_hand(tmp_path: Path) -> None:
    found = summary.latency([
        process(tmp_path / "0.npy", [1.0, 2.0, 3.0, 4.0], load_s=0.1, temperature_c=50.0, energy_j=0.2),
        process(tmp_path / "1.npy", [2.0, 3.0, 4.0, 5.0, 99.0], load_s=0.3, temperature_c=60.0, energy_j=0.4),
    ], emulated=False)  # fmt: skip
    # The fifth sample of the second does not count, so that both count alike.
    assert found.samples == 8
    assert found.p50_s == 3.0
    assert (found.min_s, found.max_s) == (1.0, 5.0)
    assert found.p95_s == pytest.approx(np.quantile([1, 2, 3, 4, 2, 3, 4, 5], 0.95))
    assert found.p99_s is None
    assert found.process_medians_s == (2.5, 3.5)
    assert found.throughput_per_s == pytest.approx(8 / 24)
    assert found.warm and found.warm.load_s == pytest.approx(0.2)
    assert found.steadiness.temperature_c == 60.0
    assert found.energy and found.energy.joules == pytest.approx(0.3)
    assert (found.p50_low_s or 9) < 3.0 < (found.p50_high_s or 0)
    assert (found.cold, found.paced, found.batches) == (None, None, None)


def test_other_passes_by_hand(tmp_path: Path) -> None:
    found = summary.latency(
        [process(tmp_path / "0.npy", [0.010] * 5)], False,
        [process(tmp_path / "p.npy", [0.02] * 5, period_s=0.5), process(tmp_path / "q.npy", [0.03] * 5)],
        {4: [process(tmp_path / "4.npy", [0.020] * 5)], 32: [process(tmp_path / "32.npy", [0.320] * 5)], 64: []},
        [ColdStart(3.0, 1.0, evicted=True), ColdStart(0.1, 0.1, evicted=False)],
    )  # fmt: skip
    assert found.paced and (found.paced.every_s, found.paced.p50_s) == (0.5, 0.025)
    assert found.batches and found.batches.throughputs_per_s == pytest.approx({"1": 100.0, "4": 200.0, "32": 100.0})
    assert found.batches.best == 4
    # A process whose file stayed in the page cache was not cold.
    assert found.cold == Loading(3.0, 1.0)


@pytest.mark.parametrize(
    ("medians", "state", "emulated", "expected", "why"),
    [
        ([1.0, 1.05, 1.09], {}, False, "stable", ""),
        ([1.0, 1.05, 1.2], {}, False, "noisy", "its processes differ by 1.20 times"),
        ([1.0, 1.0], {"background_cores": 0.9}, False, "noisy", "others kept 0.9 cores busy"),
        ([1.0, 1.0], {"background_cores": 0.2}, False, "stable", ""),
        ([1.0, 1.0], {"throttled": True}, False, "throttled", "slowed down (heat or low voltage)"),
        ([1.0, 1.0], {"throttled": True, "throttled_by": ("GPU: x",)}, False, "throttled", "slowed down (GPU: x)"),
        ([1.0], {}, False, None, ""),
        ([1.0, 9.0], {"throttled": True}, True, "emulated", ""),
    ],
)
def test_verdict(medians: list[float], state: dict[str, Any], emulated: bool, expected: str | None, why: str) -> None:
    processes = [np.full(9, median) for median in medians]
    assert summary.verdict(processes, [PROCESS, replace(PROCESS, **state)], emulated) == (expected, why)


def test_a_process_that_drifts_is_noisy() -> None:
    drifting = np.array([1.0, 1.0, 1.0, 1.1, 1.1, 1.1, 1.3, 1.3, 1.3])
    verdict, reason = summary.verdict([drifting, drifting], [PROCESS], False)
    assert (verdict, reason) == ("noisy", "a process became 1.30 times slower while it ran")
    assert (
        summary.verdict([drifting[::-1]] * 2, [PROCESS], False)[1] == "a process became 1.30 times faster while it ran"
    )


def test_few_samples_of_one_process_have_no_interval(tmp_path: Path) -> None:
    for number, known in ((5, False), (6, True)):
        one = [process(tmp_path / f"{number}.npy", [1.0 + i for i in range(number)])]
        found = summary.latency(one, emulated=False)
        assert (found.p50_low_s is not None, found.p50_high_s is not None) == (known, known)
        assert summary.latency(one, emulated=False, paced=one, quick=True).paced.p50_low_s is None  # type: ignore[union-attr]


def test_verdicts_of_quick_and_shortened_timings(tmp_path: Path) -> None:
    one = [process(tmp_path / "0.npy", [1.0] * 8)]
    two = [*one, process(tmp_path / "1.npy", [2.0] * 8, throttled=True)]
    first, both = (summary.latency(done, emulated=False, quick=True) for done in (one, two))
    assert (first.steadiness.verdict, first.p50_low_s) == ("quick", None)
    assert both.steadiness.verdict == "quick" and both.p50_low_s is not None
    assert all(part in both.steadiness.reason for part in ("2 processes", "slowed down", "differ by 2.00 times"))
    short = summary.latency(one, emulated=False, short="ended after 1 s").steadiness
    assert (short.verdict, short.reason) == ("short", "ended after 1 s")
    assert summary.latency(two, emulated=False, short="ended").steadiness.verdict == "throttled"
    assert summary.latency(one, emulated=True, quick=True).steadiness.verdict == "emulated"
