from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from small_datasets import make_tar

from edgebench.core.errors import DataError
from edgebench.data.archives import unpack_tar_gz


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_only_the_named_members_and_only_to_their_places(tmp_path: Path) -> None:
    path = make_tar(
        tmp_path / "a.tgz", ("../out", b"1"), ("/etc/x", b"2"), ("in/a", b"3"), ("in/c", b"4"), ("in/b", b"5")
    )
    home = tmp_path / "home"
    unpack_tar_gz(path, {"in/a": home / "a", "in/b": home / "b"}, 10)
    assert files_in(tmp_path) == ["a.tgz", "home/a", "home/b"]
    assert (home / "a").read_bytes() == b"3" and (home / "b").read_bytes() == b"5"


def test_links_and_large_members_are_not_taken(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    target.write_text("x")
    path = make_tar(tmp_path / "a.tgz", ("a", str(target)))
    with pytest.raises(DataError, match="does not hold a"):
        unpack_tar_gz(path, {"a": tmp_path / "a"}, 10)
    path = make_tar(tmp_path / "b.tgz", ("a", bytes(11)))
    with pytest.raises(DataError, match="more than published"):
        unpack_tar_gz(path, {"a": tmp_path / "a"}, 10)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    "damage", [b"", b"x" * 600, gzip.compress(b"x" * 600), gzip.compress(bytes(10_000))],
    ids=["empty", "text", "no-archive", "zeros"],
)  # fmt: skip
def test_damaged_archives(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_bytes(damage)
    with pytest.raises(DataError, match=r"cannot be unpacked|does not hold"):
        unpack_tar_gz(tmp_path / "a.tgz", {"a": tmp_path / "a"}, 10)


def test_an_archive_that_is_cut_off_leaves_no_half_file(tmp_path: Path) -> None:
    import random

    whole = make_tar(tmp_path / "a.tgz", ("a", random.Random(0).randbytes(100_000)))
    whole.write_bytes(whole.read_bytes()[:50_000])
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack_tar_gz(whole, {"a": tmp_path / "home" / "a"}, 10**6)
    assert files_in(tmp_path) == ["a.tgz"]
