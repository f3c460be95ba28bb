"""JSON of others, within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgebench.core import json_file


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": [1, "é"]}')
    assert json_file.read(tmp_path / "a.json") == {"a": [1, "é"]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"), (b"\xff\xfe{}", "not JSON"), (b"{", "not JSON"), (b"[" * 200_000, "nested too deeply"),
        (b"[" * 100 + b"]" * 100, "nested too deeply"), (b"9" * 5000, "not JSON"),
        (rb'"\ud800"', "half of a character"),
        (rb'{"\udfff": 1}', "half of a character"), (b" " * (json_file.MOST_BYTES + 1), "larger than 4 MiB"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        json_file.read(tmp_path / "a.json")


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "absent").symlink_to("nowhere")
    for name in (".", "pipe", "loop", "absent", "none"):
        with pytest.raises(ValueError, match=r"not a regular file|no such file"):
            json_file.read(tmp_path / name)
