"""What runtimes on the CPU alone have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.errors import ArtifactError
from edgebench.runtimes import on_cpu


class Runtime:
    def __init__(self, *modules: str) -> None:
        self.modules = modules

    def requirements(self, machine: str) -> tuple[str, ...]:
        return ("one>=1", "two")

    def supports(self, device: str, engine: str, machine: str) -> str:
        return "there are no wheels of it"


def test_the_first_package_that_is_missing_is_named_with_the_way_out_or_why_there_is_none() -> None:
    said = on_cpu.unavailable(Runtime("json", "no_such_one", "no_such_two"), "cpu", "")
    assert "no_such_one" in said and "no_such_two" not in said and "no wheels" in said


def test_a_package_that_is_there_is_enough_even_without_wheels() -> None:
    assert not on_cpu.unavailable(Runtime("json"), "cpu", "")
    assert on_cpu.unavailable(Runtime("json"), "cuda", "") == on_cpu.not_here("cuda") != ""


def test_files_are_told_by_their_mark(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"\x1c\0\0\0MARKrest")
    on_cpu.require_mark(path, b"MARK", "file of it")
    for content in (b"", b"MARK", b"\0\0\0\0mark"):
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match="model: not a file of it"):
            on_cpu.require_mark(path, b"MARK", "file of it")
    with pytest.raises(ArtifactError, match="cannot be read"):
        on_cpu.require_mark(tmp_path / "absent", b"MARK", "file of it")
