"""Signals are turned into what a file takes, and its answers into logits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from edgebench.core.io_adapter import IOAdapter
from edgebench.core.protocols import Clock
from edgebench.measuring.io_adapter import FedSession
from edgebench.runtimes.clocks import HostClock


class Answers:
    """A session that keeps what it was given and answers a fixed probability."""

    def __init__(self) -> None:
        self.clock: Clock = HostClock()
        self.settings: Mapping[str, str] = {}
        self.given: list[NDArray[np.float32]] = []

    def predict(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        self.given.append(signals)
        return np.full((len(signals), 2), 0.75, np.float32)

    def peak_device_bytes(self) -> int | None:
        return None


def test_standardised_and_turned_around() -> None:
    inner, signals = Answers(), np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    FedSession(inner, IOAdapter("samples-first", (1.0, 2.0), (2.0, 4.0))).predict(signals)
    (given,) = inner.given
    expected = np.stack([(signals[:, 0] - 1) / 2, (signals[:, 1] - 2) / 4], axis=2)
    np.testing.assert_allclose(given, expected)
    assert given.dtype == np.float32
    assert given.flags["C_CONTIGUOUS"]


def test_one_at_a_time() -> None:
    inner = Answers()
    logits = FedSession(inner, IOAdapter(single=True)).predict(np.ones((3, 2, 3), np.float32))
    assert [g.shape for g in inner.given] == [(1, 2, 3)] * 3
    assert logits.shape == (3, 2)


def test_probabilities_become_logits() -> None:
    logits = FedSession(Answers(), IOAdapter(output="probabilities")).predict(np.ones((1, 2, 3), np.float32))
    assert logits[0, 0] == pytest.approx(np.log(3))
