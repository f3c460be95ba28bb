"""EdgeBench's device side as a wheel: its Python source without the shipped weights, and only the light dependencies.

Written by hand, since `pip wheel` needs the network for its build tools and gives other bytes each time.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path

from edgebench import __version__
from edgebench.core import formats
from edgebench.core.installing import WHEELS
from edgebench.remote.bundles.archive import zipped

BASE = ("msgspec>=0.19", "numpy>=1.26", "psutil>=5.9")
"""As in pyproject.toml. Packages for the full command line are not needed to measure a bundle."""
VERSION = f"{__version__}+device"
NAME = f"edgebench-{VERSION}-py3-none-any.whl"
INFO = f"edgebench-{VERSION}.dist-info"
KEPT = (".py", ".toml", ".typed", ".npz", ".json")
PARTS = ("edgebench", "edgebench.exporters", "edgebench.targets")
"""Packages that may lie in folders of their own, as in a checkout."""


@functools.cache
def build() -> bytes:
    """The wheel; the same source gives the same bytes."""
    files = _source()
    files |= {
        f"{INFO}/METADATA": _metadata(),
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: edgebench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{INFO}/entry_points.txt": (distribution("edgebench").read_text("entry_points.txt") or "").encode(),
    }
    for name in ("LICENSE", "NOTICE"):
        for place in (f"licenses/{name}", name):
            if text := distribution("edgebench").read_text(place):
                files[f"{INFO}/licenses/{name}"] = text.encode()
                break
    return zipped(recorded(files, INFO))


def recorded(files: Mapping[str, bytes], info: str) -> dict[str, bytes]:
    """The files of a wheel with the RECORD that pip checks; `info` is its folder of metadata."""
    record = "".join(f"{name},{_hash(data)},{len(data)}\n" for name, data in sorted(files.items()))
    return {**files, f"{info}/RECORD": (record + f"{info}/RECORD,,\n").encode()}


def _source() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for package in PARTS:
        for home in map(Path, importlib.import_module(package).__path__):
            for path in sorted(home.rglob("*")):
                inside = path.relative_to(home)
                if path.is_file() and path.suffix in KEPT and inside.parts[:2] != ("models", "weights"):
                    found[f"{package.replace('.', '/')}/{inside.as_posix()}"] = path.read_bytes()
    return found


def _metadata() -> bytes:
    lines = [
        "Metadata-Version: 2.1", "Name: edgebench", f"Version: {VERSION}", "Requires-Python: >=3.11",
        "Summary: The device side of EdgeBench, out of a bundle.", "License: Apache-2.0",
        *(f"Requires-Dist: {needed}" for needed in BASE),
    ]  # fmt: skip
    for extra, forms in formats.extras().items():
        lines.append(f"Provides-Extra: {extra}")
        needed = {m: dict.fromkeys(one for form in forms for one in formats.requirements(form, m)) for m in WHEELS}
        for one in dict.fromkeys(one for of_one in needed.values() for one in of_one):
            machines = [m for m in WHEELS if one in needed[m]]
            where = "" if len(machines) == len(WHEELS) else f"platform_machine == '{machines[0]}' and "
            lines.append(f"Requires-Dist: {one}; {where}extra == '{extra}'")
    return ("\n".join(lines) + "\n").encode()


def _hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
