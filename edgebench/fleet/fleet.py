"""The machines of a fleet as `pipeline.machines` asks for them: workers of a Dask cluster, and devices over SSH."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.artifacts.build import Build
from edgebench.core.cells import Target
from edgebench.core.errors import ArtifactError, MissingPackage, RemoteError
from edgebench.core.progress import ProgressReporter
from edgebench.core.target_profiles import HOST
from edgebench.fleet.messages import BUILD, DEVICE
from edgebench.fleet.trust import Tls
from edgebench.pipeline.machines import HERE, Done, Here, Machines
from edgebench.remote.bundles.writing import Contents
from edgebench.remote.session import Fetched

if TYPE_CHECKING:
    from edgebench.fleet.cluster import Cluster

LOOK_S = 0.2
WAIT_S = 30.0
"""How long a run waits at its start for the first worker of a target."""


@dataclass(frozen=True)
class Options:
    """Which cluster a run uses, and how."""

    address: str
    """The scheduler's, such as tls://HOST:8786."""
    tls: Tls = field(default_factory=Tls)
    pool: bool = False
    """Whether all boards of a target share its cells."""


class Fleet(Here):
    """Measures each target but `host` on a worker that offers it; one with `ssh` that none offers, over SSH."""

    def __init__(self, cluster: Cluster, pool: bool = False) -> None:
        self._cluster, self._pool = cluster, pool
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
            time.sleep(LOOK_S)
        return None

    def boards(self, target: Target) -> int:
        """All workers that offer the target, where they are a pool."""
        offers = 0 if target.name in self._over_ssh else len(self._cluster.offers(DEVICE + target.name))
        return max(1, offers if self._pool else 1)

    def builders(self) -> int:
        """As many as there are workers that build."""
        return max(1, len(self._cluster.offers(BUILD)))

    def build(self, asked: Build, done: Done, begun: Callable[[str], None]) -> None:
        """Build on a worker; what cannot travel there, or came back unusable, is built here."""
        from edgebench.fleet import builds

        if not self._cluster.offers(BUILD) or not builds.can_travel(asked.model):
            return super().build(asked, done, begun)
        try:
            return builds.build(self._cluster, asked, done, begun)
        except (RemoteError, ArtifactError) as error:
            self._cluster.note(f"{asked.variant} {', '.join(asked.exporters)}: built here: {error}")
            return super().build(asked, done, begun)

    def measure(
        self, target: Target, contents: Contents, run: Path, reporter: ProgressReporter,
        wanted: Callable[[Path], Sequence[str]], part: str,
    ) -> Fetched:  # fmt: skip
        """Measure on a worker, or over SSH."""
        if target.name in self._over_ssh:
            return super().measure(target, contents, run, reporter, wanted, part)
        from edgebench.fleet import devices

        return devices.measure(self._cluster, target, contents, run, reporter, wanted, part)


class Builders(Fleet):
    """Workers that build and nothing else: this machine measures what it measures without them."""

    def elsewhere(self, target: Target) -> bool:
        """Whether the target's device is reached over SSH."""
        return bool(target.ssh)

    def boards(self, target: Target) -> int:
        """A target has one device."""
        return 1

    def check(self, target: Target, folder: Path) -> None:
        """Connect once; raises RemoteError."""
        self._over_ssh.add(target.name)
        Here.check(self, target, folder)


@contextlib.contextmanager
def connected(options: Options, note: Callable[[str], object] = lambda _: None) -> Iterator[Cluster]:
    """A connection with a cluster while the block runs. Raises PlanError, RemoteError, MissingPackage."""
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "distributed", "fleet", "--cluster") from None
    from edgebench.fleet import local_cluster, trust
    from edgebench.fleet.cluster import Cluster

    with contextlib.ExitStack() as held:
        address, local = options.address, local_cluster.count(options.address)
        if local:
            address = held.enter_context(local_cluster.started(local))
        cluster = held.enter_context(Cluster(address, trust.security(address, options.tls), note))
        deadline = time.monotonic() + WAIT_S
        while local and len(cluster.offers(BUILD)) < local and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        yield cluster


@contextlib.contextmanager
def opened(options: Options | str | None, reporter: ProgressReporter | None) -> Iterator[Machines]:
    """The machines of a run while the block runs; without options this one. Raises PlanError, RemoteError."""
    if not options:
        yield HERE
        return
    asked = Options(options) if isinstance(options, str) else options
    with connected(asked, (reporter or ProgressReporter()).note) as cluster:
        yield Builders(cluster) if asked.address.startswith("local:") else Fleet(cluster, asked.pool)
