"""One device's part of a run: sends the files that it lacks, measures there, and fetches the results."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgebench.core.contracts import Target
from edgebench.core.errors import RemoteError
from edgebench.core.files import replacing_folder, sha256_of
from edgebench.core.progress import ProgressReporter
from edgebench.remote.bundles import wheel, writing
from edgebench.remote.bundles.layout import LISTING, Listing
from edgebench.remote.bundles.writing import Content, Contents
from edgebench.remote.event_stream import replay
from edgebench.remote.link import ConnectionLost, Link
from edgebench.runtimes import installing

PAUSES_S = (1.0, 3.0, 10.0, 30.0, 60.0)
"""Pauses before each new attempt after a lost connection."""


@dataclass(frozen=True)
class Fetched:
    """The results of a device."""

    folder: Path
    """The run as the device left it."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Formats whose packages could not be installed there, each with pip's error."""


def check(target: Target, folder: Path) -> None:
    """Connect once, before any work; raises RemoteError if this run cannot use the device now."""
    try:
        with Link(target, session_of(folder, target)):
            pass
    except ConnectionLost as error:
        raise RemoteError(f"{target.ssh}: {error}") from None


def session_of(folder: Path, target: Target) -> str:
    """Name of a run's work on a device: a resumed run finds its own."""
    return sha256_of(socket.gethostname(), str(folder.resolve()), target.name)[:16]


def measure(target: Target, contents: Contents, run: Path, reporter: ProgressReporter) -> Fetched:
    """Measure a bundle of these contents on the device, into `run`/devices/NAME.

    A lost connection is opened again, and finished measurements stay on the device. Raises RemoteError if the
    connection stays lost, DiskFull.
    """
    files, listing = writing.laid_out(contents)
    files[LISTING] = writing.listing_text(listing)
    hashes = {name: entry.sha256 for name, entry in listing.files.items()}
    hashes[LISTING] = writing.entry(files[LISTING]).sha256
    place = run / "devices" / target.name
    lost = ""
    for pause_s in (0.0, *PAUSES_S):
        if lost:
            reporter.note(f"{target.ssh}: the connection was lost ({lost}); again in {pause_s:g} s")
        time.sleep(pause_s)
        try:
            with Link(target, session_of(run, target)) as link:
                return _once(link, target, files, hashes, listing, place, reporter)
        except ConnectionLost as error:
            lost = str(error)
    raise RemoteError(f"{target.ssh}: the connection was lost {len(PAUSES_S) + 1} times; the last time: {lost}")


def _once(
    link: Link, target: Target, files: Mapping[str, Content], hashes: Mapping[str, str], listing: Listing, place: Path,
    reporter: ProgressReporter,
) -> Fetched:  # fmt: skip
    _send(link, target, files, hashes, reporter)
    reporter.detail(f"prepare Python on {target.ssh}")
    link.ask("lay", names=hashes, wheel=hashes[listing.device])
    requirements = {"": list(wheel.BASE)}
    requirements |= {form: list(installing.requirements(form, link.machine)) for form in listing.formats}
    ready = _answer_of(link, target, reporter, "prepare", packages=target.ssh_packages, requirements=requirements)
    if "" in ready["failed"]:
        raise RemoteError(f"{target.ssh}: pip could not install {' '.join(wheel.BASE)}: {ready['failed']['']}")
    ended = _answer_of(link, target, reporter, "measure", python=ready["python"], arguments=[])
    if ended["status"] not in (0, 1):
        said = str(ended["last"]).removeprefix("error: ") or f"the device side ended with status {ended['status']}"
        raise RemoteError(f"{target.ssh}: {said}")
    reporter.detail(f"fetch from {target.ssh}")
    with replacing_folder(place) as new:
        link.get(ended["run"], new)
    link.ask("clean", keep=sorted(set(hashes.values())))
    return Fetched(place, ready["failed"])


def _send(
    link: Link, target: Target, files: Mapping[str, Content], hashes: Mapping[str, str], reporter: ProgressReporter
) -> None:  # fmt: skip
    """Send the contents that the device does not have; raises ConnectionLost where some arrive damaged."""
    contents = {hashes[name]: content for name, content in files.items()}
    sizes = {name: len(c) if isinstance(c, bytes) else c.stat().st_size for name, c in contents.items()}
    answer = link.ask("missing", files=sizes)
    missing = answer["missing"]
    reporter.stage(f"{target.ssh}: send {sum(sizes[m] for m in missing) / 1e6:.1f} MB", len(missing))
    if not missing:
        return
    with tempfile.TemporaryDirectory() as scratch:
        # Files are named by their hashes, so that no name needs quoting.
        for name in missing:
            content, path = contents[name], Path(scratch) / name
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.symlink_to(content.resolve())
        for _ in link.put({name: Path(scratch) / name for name in missing}, answer["begun"]):
            reporter.step()
    if damaged := link.ask("took", hashes=missing)["damaged"]:
        raise ConnectionLost(f"{len(damaged)} files arrived damaged")


def _answer_of(link: Link, target: Target, reporter: ProgressReporter, do: str, **fields: object) -> dict[str, Any]:
    """The answer to a request; the device's messages before it are passed on."""
    for answer in link.messages(do, **fields):
        if answer.get("done"):
            return answer
        replay(answer, reporter, target.ssh)
    raise ConnectionLost("the answers ended")
