"""What a pickle refers to, without running it."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import mutations
import pytest
import torch

from edgebench.models.external import pickled


class Evil:
    """Would end this process."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (3,)


class Slotted:
    """Has a state of its own."""

    def __init__(self) -> None:
        self.values = [1, 2]


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_names(protocol: int) -> None:
    assert "posix _exit" in pickled.named(pickle.dumps(Evil(), protocol))


@pytest.mark.parametrize("protocol", [2, 4])
def test_the_key_of_an_object(protocol: int) -> None:
    name = f"{__name__}.Slotted"
    for value in (Slotted(), [Slotted()], {"x": (Slotted(),)}, OrderedDict(a=Slotted()), Slotted):
        whole: dict[str, Any] = {"first": [1, "posix", Evil()], "wanted": value, "last": 3}
        assert pickled.key_of(pickle.dumps(whole, protocol), name) == "wanted"
    assert pickled.key_of(pickle.dumps([Slotted()], protocol), name) == ""
    assert pickled.key_of(b"junk", name) == ""


def test_an_archive_without_a_pickle(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("a/readme", "x")
    with pytest.raises(ValueError, match="no pickle"):
        pickled.in_archive(tmp_path / "a.pt")


@pytest.mark.slow
def test_damaged_pickles() -> None:
    content = pickle.dumps({"first": [1, "posix", Evil()], "wanted": Slotted()}, 2)
    mutations.hold(lambda damaged: pickled.key_of(damaged, f"{__name__}.Slotted"), mutations.of_bytes(content, 500))


def test_an_absurd_name_is_refused_in_each_kind_of_file(tmp_path: Path) -> None:
    """torch searches its own message about it with a pattern that takes seconds."""
    torch.save({"a": torch.zeros(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    torch.save({"a": torch.zeros(2)}, tmp_path / "new.pt")
    pickled.require_names(tmp_path / "old.pt")
    pickled.require_names(tmp_path / "new.pt")
    name = b"_rebuild_tensor_v2"
    content = (tmp_path / "old.pt").read_bytes()
    (tmp_path / "old.pt").write_bytes(content.replace(name, name + b"(" * 20_000, 1))
    with zipfile.ZipFile(tmp_path / "new.pt") as old, zipfile.ZipFile(tmp_path / "long.pt", "w") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry).replace(name, name + b"(" * 20_000, 1))
    (tmp_path / "cut.pt").write_bytes(content[: content.find(name)] + b"(" * 20_000)
    for file in ("old.pt", "long.pt", "cut.pt"):
        with pytest.raises(pickled.AbsurdName):
            pickled.require_names(tmp_path / file)
