"""Give a file that was not exported here the input that it takes, and make outputs of a task of what it answers.

Types, further inputs and the choice of the output are the runtimes' part: they know the file's own inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgebench.measuring.per_record import normalised
from edgebench.tasks.statistics import PROBABILITY_MARGIN, SMALLEST_PROBABILITY

if TYPE_CHECKING:
    from edgebench.core.contracts import Artifact
    from edgebench.core.inputs import InputSpec
    from edgebench.core.io_adapter import IOAdapter
    from edgebench.core.operators import OperatorTime
    from edgebench.core.protocols import Clock, Runtime, Session


class _Preparation:
    """Picks and sorts the channels, normalises the records and turns their axes around."""

    def __init__(self, feed: IOAdapter, spec: InputSpec) -> None:
        self._feed, self._rows, self._axis = feed, list(feed.rows(spec)), spec.channel_axis
        shape = (-1, *(1,) * (len(spec.axes) - 1 - self._axis))
        self._mean = np.array(feed.mean, np.float32).reshape(shape)
        self._scale = 1 / np.array(feed.std, np.float32).reshape(shape)
        self._order = tuple(place + 1 for place in feed.turned(spec))

    def __call__(self, records: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._rows:
            records = records[(slice(None),) * (self._axis + 1) + (self._rows,)]
        if self._feed.mean:
            records = ((records - self._mean) * self._scale).astype(np.float32)
        if self._feed.per_record:
            records = normalised(records, self._feed.per_record, self._axis)
        if self._order:
            records = np.ascontiguousarray(records.transpose(0, *self._order))
        return records


class FedSession:
    """A session whose records are converted first; this is part of the time that is measured."""

    def __init__(self, session: Session, feed: IOAdapter, spec: InputSpec) -> None:
        self._session, self._feed, self._prepared = session, feed, _Preparation(feed, spec)
        self.clock: Clock = session.clock
        self.settings: Mapping[str, str] = session.settings

    def predict(self, records: NDArray[np.float32], /, *further: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs (batch, outputs) of records; `further` are their further inputs, which are taken as they are."""
        answer = self._session.predict(self._prepared(records), *further)
        if self._feed.output == "logits":
            return answer
        if self._feed.output == "softmax":
            found: NDArray[np.float32] = np.log(np.maximum(answer, np.float32(SMALLEST_PROBABILITY)))
            return found
        sure = np.clip(answer, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
        logits: NDArray[np.float32] = np.log(sure / (1 - sure)).astype(np.float32)
        return logits

    def peak_device_bytes(self) -> int | None:
        """Peak memory of the accelerator since loading."""
        return self._session.peak_device_bytes()


class AdaptedRuntime:
    """A runtime whose sessions are fed."""

    def __init__(self, runtime: Runtime, feed: IOAdapter) -> None:
        self._runtime, self._feed = runtime, feed
        self.format = runtime.format
        self.several_inputs = getattr(runtime, "several_inputs", False)
        self.check = getattr(runtime, "check", lambda path: None)

    def unavailable(self, device: str, engine: str) -> str:
        """Why this machine cannot run it."""
        return self._runtime.unavailable(device, engine)

    def start(self, threads: int, engine: str) -> None:
        """Import and set up the library."""
        self._runtime.start(threads, engine)

    def load(self, path: Path, artifact: Artifact, device: str) -> Session:
        """Load one artifact."""
        return FedSession(self._runtime.load(path, artifact, device), self._feed, artifact.input)

    def profile(
        self, path: Path, artifact: Artifact, device: str, records: Sequence[tuple[NDArray[np.float32], ...]]
    ) -> list[OperatorTime]:
        """Where the time goes inside the file; the preparation is not among it."""
        prepared = _Preparation(self._feed, artifact.input)
        return self._runtime.profile(path, artifact, device, [(prepared(r), *others) for r, *others in records])
