"""What each worker's machine is and can run, for `edgebench doctor --cluster`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgebench import __version__
from edgebench.core import formats, registry
from edgebench.core.errors import RemoteError
from edgebench.core.serialization import all_readable
from edgebench.fleet.cluster import Cluster
from edgebench.fleet.messages import decoded
from edgebench.measuring import environment

SKEWED_S = 1.0
"""A clock that is so far from the client's is told: dates of files and logs then mislead."""


@dataclass(frozen=True)
class Looked:
    """What a machine says of itself."""

    edgebench: str
    host: str
    python: str
    governor: str
    temperature_c: float | None
    free_bytes: int
    time_s: float
    """By its clock."""
    runtimes: Mapping[str, str]
    """Each format with the reason why it cannot run on the processor; empty where it can."""


@dataclass(frozen=True)
class Found:
    """A worker, with what its machine says or why it says nothing."""

    name: str
    offers: tuple[str, ...]
    looked: Looked | None
    skew_s: float = 0.0
    problem: str = ""


def here(home: Path) -> Looked:
    """This machine."""
    facts = environment.describe()
    runtimes = {
        name: formats.unsupported(name, "cpu", "", facts["architecture"])
        or registry.runtime(name).unavailable("cpu", "")
        for name in registry.names("runtimes")
    }
    return Looked(
        __version__, environment.host_label(facts), facts["python"], facts["governor"], facts["temperature_c"],
        shutil.disk_usage(home).free, time.time(), runtimes,
    )  # fmt: skip


def all_of(cluster: Cluster) -> list[Found]:
    """Every worker of a cluster, by name."""
    return sorted((_asked(cluster, *one) for one in _workers(cluster)), key=lambda found: found.name)


def _workers(cluster: Cluster) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(peer.address, peer.name, tuple(all_readable(list(peer.resources)))) for peer in cluster.peers()]


def _asked(cluster: Cluster, address: str, name: str, offers: tuple[str, ...]) -> Found:
    try:
        data = cluster.call(address)("edgebench-look")
        if not isinstance(data, bytes):
            raise RemoteError(f"{name}: is no worker of EdgeBench")
        found = decoded(Looked, data, name)
    except (RemoteError, OSError) as error:
        return Found(name, offers, None, problem=str(error))
    skew_s = found.time_s - time.time()  # its clock is the last that it looks at
    problem = (
        f"its clock is {abs(skew_s):.0f} s {'ahead' if skew_s > 0 else 'behind'}" if abs(skew_s) > SKEWED_S else ""
    )
    if found.edgebench != __version__:
        problem = f"has EdgeBench {found.edgebench}, not {__version__}"
    return Found(name, offers, found, skew_s, problem)
