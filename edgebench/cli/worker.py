"""The command that offers this machine to a fleet."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

from edgebench.cli.cluster_options import Insecure, TlsCa, TlsCert, TlsKey
from edgebench.cli.console import command, err
from edgebench.cli.options import flag, option
from edgebench.fleet.trust import Tls
from edgebench.reports.plain import plain


@command
def worker(
    connect: Annotated[str, option("--connect", "ADDRESS", "The Dask scheduler: tls://HOST:8786.")],
    device: Annotated[
        list[str] | None, option("--device", "TARGET...", "Measure cells of this target, one at a time.")
    ] = None,
    build: Annotated[bool, flag("--build", "Build artifacts and predict.")] = False,
    name: Annotated[str | None, option("--name", "NAME", "Name of this machine in tables, of one worker only.")] = None,
    folder: Annotated[Path | None, option("--folder", "FOLDER", "Where contents and work lie.")] = None,
    cache: Annotated[float, option("--cache", "GB", "Contents that are kept, at most.")] = 8.0,
    tls_ca: TlsCa = None, tls_cert: TlsCert = None, tls_key: TlsKey = None, insecure: Insecure = False,
) -> None:  # fmt: skip
    """Offer this machine to a fleet, until Ctrl-C.

    A lost scheduler is looked for again. The machine needs the runtimes of
    what it measures; for ONNX no torch.

    \b[bold]Examples[/bold]

    \bedgebench worker --connect tcp://127.0.0.1:8786 --build
    edgebench worker --connect tls://HOST:8786 --device raspberry-pi-5
    """
    from edgebench.fleet import work_here

    work_here.run(
        connect, device or [], build, name or socket.gethostname(), folder, round(cache * 1e9),
        Tls(tls_ca, tls_cert, tls_key, insecure), lambda text: err.print(plain(text), soft_wrap=True),
    )  # fmt: skip
