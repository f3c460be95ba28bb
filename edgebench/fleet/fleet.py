"""The machines of a fleet as `pipeline.machines` asks for them: workers of a Dask cluster, and devices over SSH."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.core.cells import Target
from edgebench.core.errors import MissingPackage, RemoteError
from edgebench.core.progress import ProgressReporter
from edgebench.core.target_profiles import HOST
from edgebench.fleet.messages import DEVICE
from edgebench.fleet.trust import Tls
from edgebench.pipeline.machines import HERE, Here, Machines
from edgebench.remote.bundles.writing import Contents
from edgebench.remote.session import Fetched

if TYPE_CHECKING:
    from edgebench.fleet.cluster import Cluster

WAIT_S = 30.0
"""How long a run waits at its start for the first worker of a target."""


@dataclass(frozen=True)
class Options:
    """Which cluster a run uses, and how."""

    address: str
    """The scheduler's, such as tls://HOST:8786."""
    tls: Tls = field(default_factory=Tls)


class Fleet(Here):
    """Measures each target but `host` on a worker that offers it; one with `ssh` that none offers, over SSH."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._over_ssh: set[str] = set()

    def elsewhere(self, target: Target) -> bool:
        """Whether this machine leaves the target to others: any but `host`."""
        return bool(target.ssh) or target.name != HOST

    def check(self, target: Target, folder: Path) -> None:
        """Find a worker, or connect over SSH once; raises RemoteError."""
        resource, deadline = DEVICE + target.name, time.monotonic() + WAIT_S
        while not self._cluster.offers(resource):
            if target.ssh:
                self._over_ssh.add(target.name)
                return super().check(target, folder)
            if time.monotonic() > deadline:
                address = self._cluster.address
                raise RemoteError(
                    f"{target.name}: no worker of {address} offers it; on the device: "
                    f"edgebench worker --connect {address} --device {target.name}"
                )
            time.sleep(1)
        return None

    def measure(
        self, target: Target, contents: Contents, run: Path, reporter: ProgressReporter,
        wanted: Callable[[Path], Sequence[str]], part: str,
    ) -> Fetched:  # fmt: skip
        """Measure on a worker, or over SSH."""
        if target.name in self._over_ssh:
            return super().measure(target, contents, run, reporter, wanted, part)
        from edgebench.fleet import devices

        return devices.measure(self._cluster, target, contents, run, reporter, wanted, part)


@contextlib.contextmanager
def opened(options: Options | str | None, reporter: ProgressReporter | None) -> Iterator[Machines]:
    """The machines of a run while the block runs; without options this one. Raises PlanError, RemoteError."""
    if not options:
        yield HERE
        return
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "distributed", "fleet", "--cluster") from None
    from edgebench.fleet import trust
    from edgebench.fleet.cluster import Cluster

    asked = Options(options) if isinstance(options, str) else options
    note = (reporter or ProgressReporter()).note
    with Cluster(asked.address, trust.security(asked.address, asked.tls), note) as cluster:
        yield Fleet(cluster)
