"""Runtimes that are not EdgeBench's own, each as a wheel, so that a device measures their formats, too.

Of a distribution only the package that holds the runtime goes along, with its entry point.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from edgebench.core import registry
from edgebench.core.errors import BundleError, UnknownPlugin
from edgebench.core.files import safe_name
from edgebench.remote.bundles.archive import zipped
from edgebench.remote.bundles.wheel import recorded

COMPILED = (".so", ".pyd", ".dylib")
SKIPPED = (".pyc", ".pyo")
MOST_BYTES = 64 * 2**20


def of(forms: Iterable[str]) -> dict[str, bytes]:
    """The wheels of these formats by file name; the same source gives the same bytes. Raises BundleError."""
    found: dict[str, dict[str, str]] = {}
    for form in forms:
        try:
            place = registry.place("runtimes", form)
        except UnknownPlugin:  # the device says so
            continue
        top = place.partition(":")[0].partition(".")[0]
        if top != "edgebench":
            found.setdefault(top, {})[form] = place
    return {f"{_name(top)}-0+edgebench-py3-none-any.whl": _wheel(top, points) for top, points in found.items()}


def _wheel(top: str, points: dict[str, str]) -> bytes:
    name = _name(top)
    info, entries = f"{name}-0+edgebench.dist-info", "".join(f"{form} = {place}\n" for form, place in points.items())
    files = _source(top, next(iter(points)))
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 0+edgebench\n"
        f"Summary: The runtime of {', '.join(points)} out of a bundle.\n"
    ).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: edgebench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = f"[edgebench.runtimes]\n{entries}".encode()
    return zipped(recorded(files, info))


def _source(top: str, form: str) -> dict[str, bytes]:
    """The files of a package or module; raises BundleError where they cannot be copied to another machine."""
    spec = importlib.util.find_spec(top)
    homes = [Path(home) for home in (spec.submodule_search_locations or [])] if spec else []
    if spec and not homes and spec.origin and Path(spec.origin).is_file():
        paths = {Path(spec.origin).name: Path(spec.origin)}
    else:
        paths = {
            f"{top}/{path.relative_to(home).as_posix()}": path
            for home in homes for path in sorted(home.rglob("*"))
            if path.is_file() and path.suffix not in SKIPPED
        }  # fmt: skip
    if not paths:
        raise BundleError(f"the runtime of '{form}': its package '{top}' has no files that a bundle could take along")
    if compiled := next((name for name in paths if name.endswith(COMPILED)), None):
        raise BundleError(
            f"the runtime of '{form}' has compiled code ({compiled}), which may not run on another machine: "
            "put it into a distribution of its own, and name that in the runtime's requirements"
        )
    if sum(path.stat().st_size for path in paths.values()) > MOST_BYTES:
        raise BundleError(f"the runtime of '{form}': its package '{top}' is larger than {MOST_BYTES // 2**20} MiB")
    return {name: path.read_bytes() for name, path in paths.items()}


def _name(top: str) -> str:
    return safe_name(top).replace("-", "_").replace(".", "_")
