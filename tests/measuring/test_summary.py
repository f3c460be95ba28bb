from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.core.contracts import Outcome
from edgebench.measuring import summary

STATE = {"load_s": 0.2, "first_inference_s": 0.1, "throttled": False, "background_cores": 0.0, "temperature_c": None}


def process(path: Path, samples: list[float], **values: Any) -> summary.Process:
    np.save(path, np.array(samples))
    return Outcome("ok", result=STATE | {"period_s": 0.0} | values), path


def test_closed_passes_by_hand(tmp_path: Path) -> None:
    passes = {
        "latency": [
            process(tmp_path / "0.npy", [1.0, 2.0, 3.0, 4.0], load_s=0.1, temperature_c=50.0, energy_j=0.2),
            process(tmp_path / "1.npy", [2.0, 3.0, 4.0, 5.0, 99.0], load_s=0.3, temperature_c=60.0, energy_j=0.4),
        ]
    }
    found = summary.timed(passes, emulated=False)
    # The fifth sample of the second does not count, so that both count alike.
    assert found["latency_samples"] == 8
    assert found["latency_p50_s"] == 3.0
    assert (found["latency_min_s"], found["latency_max_s"]) == (1.0, 5.0)
    assert found["latency_p95_s"] == pytest.approx(np.quantile([1, 2, 3, 4, 2, 3, 4, 5], 0.95))
    assert found["latency_p99_s"] is None
    assert found["process_medians_s"] == (2.5, 3.5)
    assert found["throughput_per_s"] == pytest.approx(8 / 24)
    assert found["load_s"] == pytest.approx(0.2)
    assert found["temperature_c"] == 60.0
    assert found["energy_j"] == pytest.approx(0.3)
    assert found["latency_p50_low_s"] < 3.0 < found["latency_p50_high_s"]


def test_other_passes_by_hand(tmp_path: Path) -> None:
    passes = {
        "latency": [process(tmp_path / "0.npy", [0.010] * 5)],
        "paced": [process(tmp_path / "p.npy", [0.02] * 5, period_s=0.5), process(tmp_path / "q.npy", [0.03] * 5)],
        "batch4": [process(tmp_path / "4.npy", [0.020] * 5)],
        "batch32": [process(tmp_path / "32.npy", [0.320] * 5)],
        "batch64": [],
        "cold": [
            (Outcome("ok", result={"load_s": 3.0, "first_inference_s": 1.0, "evicted": True}), tmp_path / "none"),
            (Outcome("ok", result={"load_s": 0.1, "first_inference_s": 0.1, "evicted": False}), tmp_path / "none"),
        ],
    }
    found = summary.timed(passes, emulated=False)
    assert (found["paced_every_s"], found["paced_p50_s"]) == (0.5, 0.025)
    assert found["batch_throughputs_per_s"] == pytest.approx({"1": 100.0, "4": 200.0, "32": 100.0})
    assert found["best_batch"] == 4
    # A process whose file stayed in the page cache was not cold.
    assert (found["cold_load_s"], found["cold_first_inference_s"]) == (3.0, 1.0)


@pytest.mark.parametrize(
    ("medians", "state", "emulated", "expected", "why"),
    [
        ([1.0, 1.05, 1.09], {}, False, "stable", ""),
        ([1.0, 1.05, 1.2], {}, False, "noisy", "its processes differ by 1.20 times"),
        ([1.0, 1.0], {"background_cores": 0.9}, False, "noisy", "others kept 0.9 cores busy"),
        ([1.0, 1.0], {"background_cores": 0.2}, False, "stable", ""),
        ([1.0, 1.0], {"throttled": True}, False, "throttled", "slowed down (heat or low voltage)"),
        ([1.0, 1.0], {"throttled": True, "throttled_by": ["GPU: x"]}, False, "throttled", "slowed down (GPU: x)"),
        ([1.0], {}, False, None, ""),
        ([1.0, 9.0], {"throttled": True}, True, "emulated", ""),
    ],
)
def test_verdict(medians: list[float], state: dict[str, Any], emulated: bool, expected: str | None, why: str) -> None:
    processes = [np.full(9, median) for median in medians]
    assert summary.verdict(processes, [STATE, STATE | state], emulated) == (expected, why)


def test_a_process_that_drifts_is_noisy() -> None:
    drifting = np.array([1.0, 1.0, 1.0, 1.1, 1.1, 1.1, 1.3, 1.3, 1.3])
    verdict, reason = summary.verdict([drifting, drifting], [STATE], False)
    assert (verdict, reason) == ("noisy", "a process became 1.30 times slower while it ran")
    assert summary.verdict([drifting[::-1]] * 2, [STATE], False)[1] == "a process became 1.30 times faster while it ran"
