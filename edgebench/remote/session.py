"""One device's part of a run: sends the files that it lacks, measures there, and fetches the results."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgebench.core import formats
from edgebench.core.cells import Target
from edgebench.core.errors import RemoteError
from edgebench.core.files import replacing_folder, sha256_of
from edgebench.core.progress import ProgressReporter
from edgebench.core.scratch import scratch_folder
from edgebench.core.settings import Measuring
from edgebench.remote import transfer
from edgebench.remote.bundles import wheel, writing
from edgebench.remote.bundles.layout import LISTING, Listing
from edgebench.remote.bundles.writing import Content, Contents
from edgebench.remote.event_stream import replay
from edgebench.remote.link import Link
from edgebench.remote.messages import Done, Ended, Event, Missing, Prepared, Stored, require_among, shown
from edgebench.remote.openssh import ConnectionLost

PAUSES_S = (1.0, 3.0, 10.0, 30.0, 60.0)
"""Pauses before each new attempt after a lost connection."""


FIRST = ("plan.json", "environment.json", "journal.jsonl", "measurements.jsonl")
"""Files of a run that say what it has."""
PREPARE_S = 4 * 3600.0
"""How long pip may take: on a small board it builds what it finds no wheel of."""


@dataclass(frozen=True)
class Fetched:
    """The results of a device."""

    folder: Path
    """The run as the device left it."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Formats whose packages could not be installed there, each with pip's error."""
    where: str = ""
    """Name of the machine; empty where the target names it."""


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


def measure(
    target: Target, contents: Contents, run: Path, reporter: ProgressReporter, wanted: Callable[[Path], Sequence[str]]
) -> Fetched:
    """Measure a bundle of these contents on the device, into `run`/devices/NAME.

    Of its run the files in FIRST are fetched; `wanted` checks these in their new folder, and names the others to
    fetch. A lost connection is opened again, and finished measurements stay on the device. Raises RemoteError if the
    connection stays lost, what `wanted` raises, DiskFull.
    """
    files, listing = writing.laid_out(contents)
    files[LISTING] = writing.listing_text(listing)
    hashes = {name: entry.sha256 for name, entry in listing.files.items()}
    hashes[LISTING] = writing.entry(files[LISTING]).sha256
    lost = ""
    for pause_s in (0.0, *PAUSES_S):
        if lost:
            reporter.note(f"{target.ssh}: the connection was lost ({lost}); again in {pause_s:g} s")
        time.sleep(pause_s)
        try:
            with Link(target, session_of(run, target)) as link:
                device = _Device(link, target, reporter)
                device.send(files, hashes)
                failed = device.measured(hashes, listing)
                return Fetched(device.fetched(run / "devices" / target.name, hashes, wanted), failed)
        except ConnectionLost as error:
            lost = str(error)
    raise RemoteError(f"{target.ssh}: the connection was lost {len(PAUSES_S) + 1} times; the last time: {lost}")


@dataclass(frozen=True)
class _Device:
    """One connection's work."""

    link: Link
    target: Target
    reporter: ProgressReporter

    def send(self, files: Mapping[str, Content], hashes: Mapping[str, str]) -> None:
        """Send the contents that the device does not have; raises ConnectionLost where some arrive damaged."""
        contents = {hashes[name]: content for name, content in files.items()}
        sizes = {name: len(c) if isinstance(c, bytes) else c.stat().st_size for name, c in contents.items()}
        host, reporter = self.target.ssh, self.reporter
        answer = self.link.ask("missing", Missing, files=sizes)
        missing = list(dict.fromkeys(answer.missing))
        require_among(missing, sizes, host, "missing")
        reporter.stage(f"{host}: send {sum(sizes[m] for m in missing) / 1e6:.1f} MB", len(missing))
        if not missing:
            return
        with scratch_folder() as scratch:
            # Files are named by their hashes, so that no name needs quoting.
            for name in missing:
                content, path = contents[name], scratch / name
                if isinstance(content, bytes):
                    path.write_bytes(content)
                else:
                    path.symlink_to(content.resolve())
            paths = {name: scratch / name for name in missing}
            for _ in transfer.put(self.target, self.link.home, paths, answer.begun):
                reporter.step()
        if damaged := self.link.ask("store", Stored, hashes=missing).damaged:
            raise ConnectionLost(f"{len(damaged)} files arrived damaged")

    def measured(self, hashes: Mapping[str, str], listing: Listing) -> dict[str, str]:
        """Prepare Python there and measure; returns pip's errors by format."""
        host = self.target.ssh
        self.reporter.detail(f"prepare Python on {host}")
        self.link.ask(
            "unpack", Done, names=hashes, wheels=[hashes[name] for name in (listing.device, *listing.plugins)]
        )
        machine, device = self.link.machine, self.target.device
        impossible = {form: formats.unsupported(form, device, "", machine) for form in listing.formats}
        requirements = {"": list(wheel.BASE)}
        requirements |= {form: list(formats.requirements(form, machine)) for form, why in impossible.items() if not why}
        ready = self.link.ask(
            "prepare", Prepared, PREPARE_S, self._replay, packages=self.target.ssh_packages, requirements=requirements
        )
        require_among(ready.failed, requirements, host, "a format")
        failed = {form: why for form, why in impossible.items() if why}
        failed |= {form: shown(text) for form, text in ready.failed.items()}
        if "" in failed:
            raise RemoteError(f"{host}: pip could not install {' '.join(wheel.BASE)}: {failed['']}")
        patience_s = quiet_s(listing.measuring)
        ended = self.link.ask("measure", Ended, patience_s, self._replay, python=ready.python, arguments=[])
        if ended.status not in (0, 1):
            said = shown(ended.last).removeprefix("error: ") or f"the device side ended with status {ended.status}"
            raise RemoteError(f"{host}: {said}")
        return failed

    def fetched(self, place: Path, hashes: Mapping[str, str], wanted: Callable[[Path], Sequence[str]]) -> Path:
        """The folder with the run's files."""
        self.reporter.detail(f"fetch from {self.target.ssh}")
        with replacing_folder(place) as new:
            transfer.get(self.target, f"{self.link.work}/run", FIRST, new)
            transfer.get(self.target, f"{self.link.work}/run", wanted(new), new)
        self.link.ask("clean", Done, keep=sorted(set(hashes.values())))
        return place

    def _replay(self, event: Event) -> None:
        replay(event, self.reporter, self.target.ssh)


def quiet_s(measuring: Measuring) -> float:
    """How long a device may say nothing of its progress while it measures: far longer than any of its steps takes."""
    timed_s = max(measuring.min_seconds, (measuring.paced_s or 0) * measuring.min_samples)
    return 3600 + 2 * (measuring.timeout_s + timed_s + measuring.cool_down_limit_s)
