"""The options of a fleet that `run`, `worker` and `doctor` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from edgebench.cli.options import flag, option
from edgebench.fleet.fleet import Options
from edgebench.fleet.trust import Tls

PANEL = "Fleet"
ClusterAddress = Annotated[
    str | None,
    option("--cluster", "ADDRESS", "Give the work to this Dask scheduler's workers: tls://HOST:8786, or local:N.",
           panel=PANEL),
]  # fmt: skip
TlsCa = Annotated[Path | None, option("--tls-ca", "FILE", "Certificate that signed all others.", panel=PANEL)]
TlsCert = Annotated[Path | None, option("--tls-cert", "FILE", "Certificate of this end.", panel=PANEL)]
TlsKey = Annotated[Path | None, option("--tls-key", "FILE", "Its key.", panel=PANEL)]
Pool = Annotated[bool, flag("--pool", "All workers that offer a target share its cells.", PANEL)]
Insecure = Annotated[bool, flag("--insecure", "Take a tcp:// address that other machines reach, without TLS.", PANEL)]


def cluster_of(
    address: str | None, ca: Path | None, cert: Path | None, key: Path | None, insecure: bool, pool: bool = False
) -> Options | None:
    """The cluster that the flags name; None where they name none."""
    return Options(address, Tls(ca, cert, key, insecure), pool) if address else None
