"""Signals are turned into what a file takes, and its answers into logits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from edgebench.core.inputs import InputSpec
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


SIGNAL = InputSpec((2, 3), ("lead", "sample"))


def test_standardised_and_turned_around() -> None:
    inner, signals = Answers(), np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    FedSession(inner, IOAdapter(("sample", "lead"), (1.0, 2.0), (2.0, 4.0)), SIGNAL).predict(signals)
    (given,) = inner.given
    expected = np.stack([(signals[:, 0] - 1) / 2, (signals[:, 1] - 2) / 4], axis=2)
    np.testing.assert_allclose(given, expected)
    assert given.dtype == np.float32
    assert given.flags["C_CONTIGUOUS"]


def test_probabilities_become_logits() -> None:
    logits = FedSession(Answers(), IOAdapter(output="probabilities"), SIGNAL).predict(np.ones((1, 2, 3), np.float32))
    assert logits[0, 0] == pytest.approx(np.log(3))


def test_probabilities_of_one_choice_become_logits_that_keep_their_order() -> None:
    """Rare classes differ below the margin of a sigmoid, and top-5 needs their order."""

    class Rare(Answers):
        def predict(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.array([[1e-12, 1.0, 1e-9, 0.0]], np.float32)

    (logits,) = FedSession(Rare(), IOAdapter(output="softmax"), SIGNAL).predict(np.ones((1, 2, 3), np.float32))
    assert logits.argsort().tolist() == [3, 0, 2, 1]
    assert np.isfinite(logits).all()
    assert logits[1] == 0


def test_channels_of_an_image_are_picked_scaled_and_put_last() -> None:
    spec = InputSpec((3, 4, 5), ("channel", "row", "column"), names={"channel": ("red", "green", "blue")})
    inner, images = Answers(), np.random.default_rng(0).random((2, 3, 4, 5), np.float32)
    feed = IOAdapter(("row", "column", "channel"), (0.25, 0.5), (0.5, 2.0), positions=("blue", "red"))
    FedSession(inner, feed, spec).predict(images)
    by_hand = np.stack([(images[:, 2] - 0.25) / 0.5, (images[:, 0] - 0.5) / 2], -1)
    np.testing.assert_allclose(inner.given[0], by_hand, atol=1e-6)
    for how, axes in (("zscore", (2, 3)), ("zscore-record", (1, 2, 3))):
        FedSession(inner, IOAdapter(per_record=how), spec).predict(images)  # type: ignore[arg-type]
        mean, std = (f(axes, keepdims=True) for f in (images.mean, images.std))
        np.testing.assert_allclose(inner.given[-1], (images - mean) / std, atol=1e-5)
