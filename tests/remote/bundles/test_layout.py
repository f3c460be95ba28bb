"""The names that a bundle's entries may have."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_makers import contents, entries_of

from edgebench.core.errors import BundleError
from edgebench.remote.bundles import writing
from edgebench.remote.bundles.layout import PART, check_names


def test_the_names_of_a_real_bundle_are_allowed(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "small.bundle")
    names = list(entries_of(tmp_path / "small.bundle"))
    assert len(names) > 5
    check_names(names, "small.bundle")


@pytest.mark.parametrize(
    "name",
    [
        "artifacts/net/structured-0.5+qat/onnx-int8=minmax,per-tensor/model.onnx",
        "a/b.c/d~e",
        "größe.npy",
        "心電図.npy",
        "x" * 200,
    ],
)
def test_names_that_a_bundle_may_have(name: str) -> None:
    check_names([name], "a bundle")


REFUSED = {
    "a way out": "artifacts/../../evil.py",
    "a way out at once": "..",
    "an absolute path": "/etc/evil",
    "a drive": "C:evil",
    "a drive with a path": "c:/evil",
    "a backslash": "a\\..\\evil",
    "the end of a line": "evil\n.py",
    "an early end": "evil\0.py",
    "an escape": "evil\x1b[31m",
    "a control character of Latin-1": "evil\x9b",
    "a hidden file": "artifacts/.evil",
    "a dot": "artifacts/./evil",
    "an empty part": "artifacts//evil",
    "no name": "",
    "a folder": "artifacts/evil/",
    "an option": "-rf",
    "a blank": "my file",
    "a wildcard": "model.*",
    "a long part": "x" * 201,
    "letters in two pieces": "gro\u0308\u00dfe.npy",
    "a turn of the text": "a\u202eb",
}


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED.keys())
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(BundleError) as refused:
        check_names(["bundle.json", name], "x.bundle")
    said = str(refused.value)
    assert said.startswith("x.bundle: ") and repr(name[:200]) in said and said.isprintable()


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (["a/b", "c", "a/b"], ["a/b"]),
        (["a/Model", "a/model"], ["a/model", "a/Model"]),
        (["STRASSE", "straße"], ["STRASSE", "straße"]),
        (["a/b", "a/b/c"], ["a/b"]),
        (["a/b/c/d", "A/B"], ["A/B"]),
    ],
    ids=["twice", "by case", "by folded case", "a file and a folder", "also by case"],
)
def test_names_that_would_meet_on_a_disk_are_refused(names: list[str], named: list[str]) -> None:
    with pytest.raises(BundleError) as refused:
        check_names(names, "x.bundle")
    assert all(repr(name) in str(refused.value) for name in named)
    check_names(names[:1], "x.bundle")


def test_a_part_is_no_path() -> None:
    assert PART.fullmatch("model.onnx") and not PART.fullmatch("a/b") and not PART.fullmatch("")
