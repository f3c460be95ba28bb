"""Give a file that was not exported here the signals that it takes, and make logits of what it answers.

Types, further inputs and the choice of the output are the runtimes' part: they know the file's own inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.contracts import Artifact
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.protocols import Clock, Runtime, Session
from edgebench.core.results import OperatorTime
from edgebench.measuring.per_record import normalised
from edgebench.tasks.statistics import PROBABILITY_MARGIN


class _Preparation:
    """Picks and sorts the leads, normalises the signals and turns them around."""

    def __init__(self, feed: IOAdapter, leads: Sequence[str]) -> None:
        self._feed, self._rows = feed, list(feed.rows(leads))
        self._mean = np.array(feed.mean, np.float32)[:, None]
        self._scale = 1 / np.array(feed.std, np.float32)[:, None]

    def __call__(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._rows:
            signals = signals[:, self._rows]
        if self._feed.mean:
            signals = ((signals - self._mean) * self._scale).astype(np.float32)
        if self._feed.per_record:
            signals = normalised(signals, self._feed.per_record)
        if self._feed.layout == "samples-first":
            signals = np.ascontiguousarray(signals.transpose(0, 2, 1))
        return signals


class FedSession:
    """A session whose signals are converted first; this is part of the time that is measured."""

    def __init__(self, session: Session, feed: IOAdapter, leads: Sequence[str] = ()) -> None:
        self._session, self._feed, self._prepared = session, feed, _Preparation(feed, leads)
        self.clock: Clock = session.clock
        self.settings: Mapping[str, str] = session.settings

    def predict(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (batch, classes) of signals (batch, leads, samples) in mV."""
        if not self._feed.single or len(signals) == 1:
            return self._once(signals)
        return np.concatenate([self._once(signals[i : i + 1]) for i in range(len(signals))])

    def peak_device_bytes(self) -> int | None:
        """Peak memory of the accelerator since loading."""
        return self._session.peak_device_bytes()

    def _once(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        answer = self._session.predict(self._prepared(signals))
        if self._feed.output == "logits":
            return answer
        sure = np.clip(answer, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
        logits: NDArray[np.float32] = np.log(sure / (1 - sure)).astype(np.float32)
        return logits


class AdaptedRuntime:
    """A runtime whose sessions are fed."""

    def __init__(self, runtime: Runtime, feed: IOAdapter) -> None:
        self._runtime, self._feed = runtime, feed
        self.format = runtime.format

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return self._runtime.unavailable(device, engine)

    def start(self, threads: int, engine: str) -> None:
        """Import and set up the library."""
        self._runtime.start(threads, engine)

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one artifact."""
        return FedSession(self._runtime.load(path, artifact, device), self._feed, artifact.input.positions)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[NDArray[np.float32]]
    ) -> list[OperatorTime]:
        """Where the time goes inside the file; the preparation is not among it."""
        prepared = _Preparation(self._feed, artifact.input.positions)
        return self._runtime.profile(path, artifact, device, [prepared(r) for r in records])
