"""Measures the cells of a target on a worker that offers it: the bundle and the checks are those of SSH."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edgebench.core.cells import Target
from edgebench.core.errors import RemoteError
from edgebench.core.files import replacing_folder, sha256_of
from edgebench.core.progress import ProgressReporter
from edgebench.fleet.cluster import Cluster, Task
from edgebench.fleet.messages import DEVICE, Request
from edgebench.fleet.transfer import Results
from edgebench.pipeline.machine_progress import OfMachine
from edgebench.remote import messages
from edgebench.remote.bundles import writing
from edgebench.remote.bundles.layout import LISTING
from edgebench.remote.bundles.writing import Contents
from edgebench.remote.event_stream import replay
from edgebench.remote.session import FIRST, Fetched, quiet_s, session_of


def measure(
    cluster: Cluster, target: Target, contents: Contents, run: Path, reporter: ProgressReporter,
    wanted: Callable[[Path], Sequence[str]], part: str,
) -> Fetched:  # fmt: skip
    """Measure a bundle of these contents on a worker with the target's device, as `session.measure` does over SSH.

    Raises RemoteError, what `wanted` raises, DiskFull.
    """
    files, listing = writing.laid_out(contents)
    files[LISTING] = writing.listing_text(listing)
    entries = {**listing.files, LISTING: writing.entry(files[LISTING])}
    session = sha256_of(session_of(run, target), entries[LISTING].sha256)[:16]
    place = run / "devices" / part
    problems: list[Exception] = []
    machines: dict[str, OfMachine] = {}

    def ready(_name: str, results: Results) -> None:
        try:
            with replacing_folder(place) as new:
                results.get(FIRST, new)
                results.get(wanted(new), new)
        except (OSError, TimeoutError):
            raise
        except Exception as error:
            problems[:] = [error]
        else:
            problems.clear()

    def line(name: str, text: str) -> None:
        event = messages.read(text.encode())
        if isinstance(event, messages.Event):
            replay(event, machines.setdefault(name, OfMachine(reporter, f"{name} ({target.name})")))

    task = Task(
        Request("measure", "", "", session, "", entries, {}, quiet_s(listing.measuring)),
        {entries[name].sha256: content for name, content in files.items()},
        {DEVICE + target.name: 1}, line, ready,
    )  # fmt: skip
    try:
        name, reply = cluster.do(task)
    finally:
        for one in machines:
            reporter.machine(f"{one} ({target.name})", "")
    if problems:
        raise problems[0]
    if reply.status != "ok":
        raise RemoteError(f"{name or target.name}: {reply.reason}")
    return Fetched(place, where=name)
