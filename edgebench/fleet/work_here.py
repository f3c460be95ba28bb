"""Starts this machine's worker, as `edgebench worker` asks for it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from edgebench.core import target_profiles
from edgebench.core.errors import MissingPackage, PlanError
from edgebench.fleet import trust
from edgebench.fleet.machine import HOME
from edgebench.fleet.messages import BUILD, DEVICE
from edgebench.fleet.trust import Tls
from edgebench.measuring import environment


def run(
    address: str, devices: Sequence[str], build: bool, name: str, folder: Path | None, cache_bytes: int, tls: Tls,
    note: Callable[[str], object],
) -> None:  # fmt: skip
    """Work until the process is ended. Raises PlanError for what cannot be offered, MissingPackage."""
    if not devices and not build:
        raise PlanError("nothing to offer: name --device TARGET, --build or both")
    machine = environment.machine()
    targets = [target_profiles.find(one, machine).name for one in devices]
    if target_profiles.HOST in targets:
        raise PlanError("--device host: every machine is that; name the profile of this device")
    try:
        from edgebench.fleet.node import Offer, serve
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "distributed", "fleet", "a worker") from None
    resources = {**{DEVICE + one: 1.0 for one in targets}, **({BUILD: 1.0} if build else {})}
    security = trust.security(address, tls)
    host = "127.0.0.1" if trust.is_loopback(address.partition("://")[2]) else None
    logging.getLogger("distributed").setLevel(os.environ.get("EDGEBENCH_DASK_LOG", "CRITICAL"))
    offer = Offer(address, name, resources, folder or Path.home() / HOME, security, host, cache_bytes)
    asyncio.run(serve(offer, note))
