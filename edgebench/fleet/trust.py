"""Who may be at the other end of a connection: TLS, or this machine alone."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.core.errors import PlanError

if TYPE_CHECKING:
    from distributed.security import Security

WAY_OUT = (
    "give it TLS (--tls-ca, --tls-cert, --tls-key and a tls:// address), or --insecure where all peers are trusted"
)


@dataclass(frozen=True)
class Tls:
    """The files of TLS; Dask's own configuration holds for those that are None."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False
    """Take an address without TLS that other machines can reach."""


def security(address: str, tls: Tls) -> Security:
    """The settings for connections with an address; raises PlanError where they would trust anybody."""
    from distributed.security import Security

    scheme, _, rest = address.partition("://")
    if scheme not in ("tcp", "tls") or not rest:
        raise PlanError(f"{address}: not a scheduler's address; they look like tcp://HOST:8786 and tls://HOST:8786")
    given = {"ca": tls.ca, "cert": tls.cert, "key": tls.key}
    for name, path in given.items():
        if path is not None and not path.is_file():
            raise PlanError(f"--tls-{name} {path}: no such file")
    if scheme == "tcp":
        if any(given.values()):
            raise PlanError(f"{address}: has no TLS; write tls:// for these certificates")
        if not tls.insecure and not is_loopback(rest):
            raise PlanError(f"{address}: anybody on the way could read and change what is sent; {WAY_OUT}")
        return Security()
    parts = {name: str(path) for name, path in given.items() if path is not None}
    ends = ("client", "worker", "scheduler")
    files = {f"tls_{end}_{name}": parts[name] for end in ends for name in ("cert", "key") if name in parts}
    found = Security(require_encryption=True, **({"tls_ca_file": parts["ca"]} if "ca" in parts else {}), **files)
    if not found.tls_ca_file or not found.tls_client_cert:
        raise PlanError(f"{address}: no certificates; name --tls-ca, --tls-cert and --tls-key, or configure Dask's TLS")
    return found


def is_loopback(place: str) -> bool:
    """Whether HOST:PORT is on this machine, and no other one can reach it."""
    host = place.rpartition(":")[0].strip("[]") if ":" in place else place
    try:
        found = {one[4][0] for one in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(one).partition("%")[0]).is_loopback for one in found)
