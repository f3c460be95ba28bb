"""Times several files of one network call by call, in turn, in one process: which is faster, whatever else runs here.

Run as `python -m edgebench.measuring.side_by_side`. What else the machine does slows neighbouring calls alike, but long
ones more often than short ones; so what is compared is the tenth percentile of each file's calls, which had the cores.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.core.contracts import Artifact
from edgebench.core.errors import Unsupported
from edgebench.core.serialization import from_dict
from edgebench.isolation.child import answer_with
from edgebench.isolation.process import ChildError, ask

TIMEOUT_S = 120.0
LEAST_ROUNDS = 20
PERCENTILE = 10
WARM_UP = 5


@dataclass(frozen=True)
class Request:
    """Files of one network in one format."""

    artifact: Artifact
    """What they have in common."""
    paths: tuple[str, ...]
    records: tuple[str, ...]
    """A .npy file of each input, with one record at least."""
    place: str
    """Where the runtime is, as module:attribute."""
    threads: int
    seconds: float
    """How long each file is timed, warm-up not counted."""


def latencies(
    artifact: Artifact, paths: Sequence[Path], records: Sequence[Path], place: str, threads: int, seconds: float
) -> list[float]:  # fmt: skip
    """The latency of each file in seconds, undisturbed, from a fresh process; raises Unsupported where that fails."""
    request = Request(artifact, tuple(map(str, paths)), tuple(map(str, records)), place, threads, seconds)
    try:
        (answer,) = ask(__name__, asdict(request), TIMEOUT_S + seconds * len(paths))
    except ChildError as error:
        raise Unsupported(f"its files could not be timed: {error}") from None
    return [float(one) for one in answer["latencies"]]


def timed(request: Request) -> list[float]:
    """The tenth percentile of each file's calls, which take turns; each round has another order."""
    from edgebench.core import registry

    runtime = registry.runtime(request.artifact.format, request.place)
    runtime.start(request.threads, "")
    record = tuple(np.load(path)[:1] for path in request.records)
    sessions = [runtime.load(Path(path), request.artifact, "cpu") for path in request.paths]
    for session in sessions:
        for _ in range(WARM_UP):
            session.predict(*record)
    rounds: list[list[float]] = []
    order = np.random.default_rng(0)
    end = time.perf_counter() + request.seconds * len(sessions)
    while len(rounds) < LEAST_ROUNDS or time.perf_counter() < end:
        rounds.append([0.0] * len(sessions))
        for number in order.permutation(len(sessions)):
            begin = time.perf_counter()
            sessions[number].predict(*record)
            rounds[-1][number] = time.perf_counter() - begin
    found: list[float] = np.percentile(rounds, PERCENTILE, axis=0).tolist()
    return found


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    gc.disable()
    yield {"latencies": timed(from_dict(Request, request))}


if __name__ == "__main__":
    answer_with(_handle)
