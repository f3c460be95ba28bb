"""The contents of a bundle and the allowed names of its entries.

    bundle.json          this listing, with the SHA-256 and the size of every other file
    artifacts/…          each artifact beside its manifest, as `edgebench export` lays them out
    targets/NAME.toml    the target profiles
    records/             signals.npy (the stored first input), further-N.npy (the others), labels.npy, ids.npy,
                         about.json, and the logits of the uncompressed fp32 models, reference-N.npy
    device/              EdgeBench's device side, as a wheel, and one for each runtime that is not its own

A bundle is a zip archive, or the folder that such an archive unpacks to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edgebench.core.errors import BundleError
from edgebench.core.policy import Policy
from edgebench.core.settings import Measuring

LISTING = "bundle.json"
FORMAT = 1
"""Raised when the layout changes, so that an older EdgeBench says so instead of misreading."""
MOST_FILES = 20_000
MOST_BYTES = 8 * 2**30
"""Largest unpacked size of a bundle in bytes; a larger one is refused as a zip bomb."""
MOST_LISTING_BYTES = 8 * 2**20
PART = re.compile(r"[\w][\w.,+=~-]{0,199}")
"""One part of an entry's path."""


@dataclass(frozen=True)
class Entry:
    """One file in the listing."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Listing:
    """bundle.json."""

    format: int
    edgebench: str
    """Version of EdgeBench that wrote it."""
    artifacts: tuple[str, ...]
    """Manifests."""
    targets: tuple[str, ...]
    """`host`, or profiles in the bundle."""
    device: str
    """The wheel."""
    formats: tuple[str, ...]
    """Formats of the artifacts; they decide which runtimes the device needs."""
    records: str = ""
    """The file that describes the records; empty for a bundle without records."""
    measuring: Measuring = field(default_factory=Measuring)
    threads: int | None = None
    seed: int = 0
    policy: Policy = field(default_factory=Policy)
    """How one artifact is chosen."""
    files: Mapping[str, Entry] = field(default_factory=dict)
    """Every file but this one."""
    plugins: tuple[str, ...] = ()
    """Wheels of the runtimes that are not EdgeBench's own."""


def check_names(names: Iterable[str], where: str) -> None:
    """Raise BundleError for the first name that could leave the bundle's folder, or that is there twice."""
    seen: dict[str, str] = {}
    for name in names:
        if problem := _problem(name):
            raise BundleError(f"{where}: refused: the entry {name[:200]!r} {problem}")
        other = seen.get(name.casefold())
        if other is not None:
            how = "is there twice" if other == name else f"differs from {other!r} only in upper and lower case"
            raise BundleError(f"{where}: refused: the entry {name!r} {how}")
        seen[name.casefold()] = name
    folders = {"/".join(parts[:i]) for key in seen if (parts := key.split("/")) for i in range(1, len(parts))}
    for key in sorted(folders & seen.keys()):
        raise BundleError(f"{where}: refused: the entry {seen[key]!r} is a file and a folder at once")


def _problem(name: str) -> str:
    if "\0" in name or any(unicodedata.category(c) == "Cc" for c in name):
        return "has a control character in its name"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
    if "\\" in name:
        return "has a backslash in its name"
    parts = name.split("/")
    if ".." in parts:
        return "leaves the bundle's folder"
    if name.endswith("/"):
        return "is a folder of its own"
    if not all(PART.fullmatch(part) for part in parts) or unicodedata.normalize("NFC", name) != name:
        return "has a name that no bundle has"
    return ""
