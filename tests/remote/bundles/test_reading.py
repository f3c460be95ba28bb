"""Whatever was done to a bundle, it is refused with its own reason, and nothing of it is kept or loaded."""

from __future__ import annotations

import json
import os
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import snapshots
from bundle_makers import contents, entries_of
from helpers import edgebench_here

from edgebench import __version__
from edgebench.core.errors import BundleError
from edgebench.core.files import cache_dir
from edgebench.remote.bundles import reading, writing

MODEL = "artifacts/net/none/onnx/model.onnx"
Change = Callable[[Path], object]


def entry(name: str, data: bytes = b"x", mode: int = stat.S_IFREG | 0o644, **fields: int) -> Change:
    """Add one more entry to the archive, as no bundle has it."""

    def change(bundle: Path) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        for field, value in fields.items():
            setattr(info, field, value)
        with warnings.catch_warnings(), zipfile.ZipFile(bundle, "a") as archive:
            warnings.simplefilter("ignore")  # zipfile warns of a name that is there
            archive.writestr(info, data)

    return change


def rewritten(change: Callable[[dict[str, bytes]], object]) -> Change:
    """Write the archive anew with other contents, and its list of files as it was."""

    def apply(bundle: Path) -> None:
        entries = entries_of(bundle)
        change(entries)
        with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries.items():
                archive.writestr(name, data)

    return apply


def listing(change: Callable[[dict], object]) -> Change:  # type: ignore[type-arg]
    """Change bundle.json."""

    def apply(entries: dict[str, bytes]) -> None:
        data = json.loads(entries["bundle.json"])
        change(data)
        entries["bundle.json"] = json.dumps(data).encode()

    return rewritten(apply)


def flipped(bundle: Path) -> None:
    """One bit of the archive, inside the packed model."""
    with zipfile.ZipFile(bundle) as archive:
        info = archive.getinfo(MODEL)
    data = bytearray(bundle.read_bytes())
    data[info.header_offset + 30 + len(MODEL) + 1000] ^= 1
    bundle.write_bytes(data)


def null_name(bundle: Path) -> None:
    """An entry whose name ends early for whoever reads it as C does."""
    entry("evil_X.py")(bundle)
    bundle.write_bytes(bundle.read_bytes().replace(b"evil_X.py", b"evil_\0.py"))


def bomb(bundle: Path) -> None:
    """Twelve thousand million bytes by the archive's directory, in three entries of a thousand."""
    for name in ("zeros1.npy", "zeros2.npy", "zeros3.npy"):
        entry(name, b"\0" * 1000)(bundle)
    data = bytearray(bundle.read_bytes())
    for raw in (b"zeros1.npy", b"zeros2.npy", b"zeros3.npy"):
        at = data.rindex(raw) - 46  # the directory's record of it
        data[at + 24 : at + 28] = (4_000_000_000).to_bytes(4, "little")
    bundle.write_bytes(data)


def commented(bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.comment = b"hello"


def longer_than_said(bundle: Path) -> None:
    """The directory has the listed size, and the packed stream has more."""
    entries = entries_of(bundle)
    real = len(entries[MODEL])
    entries[MODEL] += b"\0" * 3000
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    whole = bytearray(bundle.read_bytes())
    at = whole.rindex(MODEL.encode()) - 46  # the directory's record of it
    whole[at + 24 : at + 28] = real.to_bytes(4, "little")
    bundle.write_bytes(whole)


DAMAGES: dict[str, Change] = {
    "cut off": lambda b: b.write_bytes(b.read_bytes()[:-2000]),
    "cut to nothing": lambda b: b.write_bytes(b""),
    "something before it": lambda b: b.write_bytes(b"#!/bin/sh\n" + b.read_bytes()),
    "a flipped bit": flipped,
    "other content": rewritten(lambda e: e.update({MODEL: e[MODEL][::-1]})),
    "a longer file": rewritten(lambda e: e.update({MODEL: e[MODEL] + b"!"})),
    "a missing file": rewritten(lambda e: e.pop(MODEL)),
    "a missing list": rewritten(lambda e: e.pop("bundle.json")),
    "an extra file": entry("artifacts/run_me.py"),
    "a way out": entry("artifacts/../../evil.py"),
    "a name that ends early": null_name,
    "a folder": entry("artifacts/evil/", b""),
    "a name twice": entry(MODEL),
    "a name twice but for case": entry(MODEL.upper()),
    "a link": entry("artifacts/evil", b"/etc/passwd", stat.S_IFLNK | 0o777),
    "a device": entry("artifacts/evil", b"", stat.S_IFCHR | 0o666),
    "a pipe": entry("artifacts/evil", b"", stat.S_IFIFO | 0o666),
    "another packing": entry("artifacts/evil", compress_type=zipfile.ZIP_LZMA),
    "a comment": commented,
    "a bomb": bomb,
    "more than it says": longer_than_said,
    "a list that is not JSON": rewritten(lambda e: e.update({"bundle.json": b"{"})),
    "a list of a later format": listing(lambda d: d.update(format=2)),
    "an unknown field": listing(lambda d: d.update(colour="red")),
    "a wrong kind of field": listing(lambda d: d.update(threads="many")),
    "a list with a way out": listing(lambda d: d["files"].update({"../evil": {"sha256": "0", "size": 1}})),
    "a list with a giant": listing(lambda d: d["files"].update({"x.npy": {"sha256": "0", "size": 10**13}})),
    "a list of what is not there": listing(lambda d: d.update(device="device/other.whl")),
    "a list with another hash": listing(lambda d: d["files"][MODEL].update(sha256="0" * 64)),
}
ZIPFILES = ("cut off", "a flipped bit", "more than it says")
"""Damages that Python's zipfile finds, whose words differ from version to version."""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "small.bundle"
    writing.write(contents(tmp_path / "made"), path)
    return path


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_archive_is_refused(bundle: Path, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path / "cache"))
    DAMAGES[name](bundle)
    with pytest.raises(BundleError) as caught:
        reading.opened(bundle)
    line = str(caught.value)
    assert "\n" not in line and line.startswith(str(bundle))
    if name not in ZIPFILES:
        snapshots.check_line(
            "errors-bundles", name, line.replace(str(bundle), "small.bundle").replace(__version__, "VERSION")
        )
    assert not [p for p in cache_dir().rglob("*") if p.is_file()], "nothing of it is kept"
    assert not (tmp_path / "evil.py").exists()


def add(name: str, data: bytes = b"x") -> Change:
    return lambda folder: (folder / name).write_bytes(data)


def linked(folder: Path) -> None:
    (folder / MODEL).rename(folder.parent / "elsewhere")
    (folder / MODEL).symlink_to(folder.parent / "elsewhere")


FOLDERS: dict[str, Change] = {
    "other content": add(MODEL, b"y" * 5000),
    "a longer file": add(MODEL, b"y" * 5001),
    "a missing file": lambda f: (f / MODEL).unlink(),
    "an extra file": add("records/evil.py"),
    "a link": linked,
    "a linked folder": lambda f: (f / "more").symlink_to("/etc"),
    "a pipe": lambda f: os.mkfifo(f / "records" / "pipe"),
    "a missing list": lambda f: (f / "bundle.json").unlink(),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_damaged_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "small"
    writing.write(contents(tmp_path / "made"), folder, folder=True)
    assert reading.opened(folder).folder == folder
    FOLDERS[name](folder)
    with pytest.raises(BundleError) as caught:
        reading.opened(folder)
    snapshots.check_line("errors-bundles", f"{name}, in a folder", str(caught.value).replace(str(folder), "small"))


def test_what_was_unpacked_is_mended_where_it_was_damaged(bundle: Path) -> None:
    folder = reading.opened(bundle).folder
    whole = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(b"z" * 5000)
    assert reading.opened(bundle).folder == folder
    assert (folder / MODEL).read_bytes() == whole


def test_the_command_line_says_it_in_one_line(bundle: Path, tmp_path: Path) -> None:
    flipped(bundle)
    done = edgebench_here("measure", bundle, "-o", tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "refused" in done.stderr
    assert not (tmp_path / "run").exists()
