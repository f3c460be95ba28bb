"""The table of a fleet's workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebench.cli.console import out
from edgebench.core.errors import RemoteError
from edgebench.reports.terminal import print_table

if TYPE_CHECKING:
    from edgebench.fleet.fleet import Options
    from edgebench.fleet.look import Found

HEADINGS = ("worker", "offers", "machine", "free", "runtimes", "remarks")


def show_workers(options: Options) -> None:
    """Ask each worker of a cluster; raises RemoteError, also where there is none."""
    from edgebench.fleet import fleet, look

    with fleet.connected(options) as cluster:
        found = look.all_of(cluster)
    if not found:
        raise RemoteError(f"{options.address}: has no worker; start one: edgebench worker --connect {options.address}")
    print_table(out, list(HEADINGS), [row(one) for one in found])


def row(found: Found) -> list[str]:
    """The cells of a worker's row."""
    offers, looked = ", ".join(found.offers), found.looked
    if looked is None:
        return [found.name, offers, "", "", "", found.problem]
    remarks = [found.problem] if found.problem else []
    if looked.governor not in ("", "performance"):
        remarks.append(f"governor {looked.governor}")
    if looked.temperature_c is not None:
        remarks.append(f"{looked.temperature_c:.0f} °C")
    runtimes = [name for name, reason in looked.runtimes.items() if not reason]
    return [
        found.name, offers, looked.host, f"{looked.free_bytes / 1e9:.0f} GB", ", ".join(runtimes) or "none",
        ", ".join(remarks),
    ]  # fmt: skip
