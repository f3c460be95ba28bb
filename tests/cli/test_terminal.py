"""Tables and sentences on terminals of 80 and 120 columns, without colours, and on one that can do nothing."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import edgebench_here

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
VARIANTS = REFERENCE / "variants-resnet1d"
LONG = "fbgemm-int8:minmax,per-tensor · structured-0.5+qat"
"""A name that leaves no room for numbers on a narrow terminal."""


def on_terminal(*arguments: str | Path, **environment: str) -> str:
    """What a command writes on a terminal."""
    own, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "edgebench", *map(str, arguments)], stdin=other, stdout=other, stderr=other,
        env={**os.environ, **environment},
    ) as child:  # fmt: skip
        os.close(other)
        text = b""
        while True:
            try:
                part = os.read(own, 65536)
            except OSError:  # Linux says so at the end
                break
            if not part:
                break
            text += part
    os.close(own)
    assert child.returncode == 0, text.decode()
    return text.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    "arguments", [("report", VARIANTS, "--format", "md", "-o", "{}"), ("compare", VARIANTS, "--base", "eager")]
)
def test_numbers_are_never_cut_off(width: int, arguments: tuple[str | Path, ...], tmp_path: Path) -> None:
    given = [str(a).format(tmp_path) for a in arguments]
    done = edgebench_here(*given, COLUMNS=str(width))
    assert done.returncode == 0
    table = [line for line in done.stdout.splitlines() if not re.match(r"★ no other|[\w-]+: |.*, noisy:", line)]
    assert "…" not in done.stdout
    assert max(map(len, table)) <= width
    assert LONG in done.stdout or width == 80 or arguments[0] == "compare"
    assert all(part in done.stdout for part in ("fbgemm-int8:minmax,per-tensor", "structured-0.5+qat")) or width == 80
    assert re.search(r"0\.745|0\.137", done.stdout)


@pytest.mark.parametrize("environment", [{"TERM": "xterm"}, {"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_sentence_is_folded_between_words(environment: dict[str, str]) -> None:
    said = on_terminal("explain", VARIANTS, "onnx-int8 none", COLUMNS="60", **environment)
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said).splitlines()
    assert max(map(len, lines)) <= (80 if environment["TERM"] == "dumb" else 60)  # a dumb one has 80 columns
    sentence = " ".join(" ".join(lines).split())
    assert "resnet1d onnx-int8 on host: " in sentence
    assert "times faster than onnx: 97% of the time in 35 int8 operators, 2% in 4 conversions" in sentence


def test_colours_are_left_out_where_they_are_not_wanted(tmp_path: Path) -> None:
    command = ("report", VARIANTS, "--format", "md", "-o", tmp_path)
    yellow = "\x1b[33m"
    assert yellow in on_terminal(*command, TERM="xterm")
    assert not re.search(r"\x1b\[[\d;]*[349]\d", on_terminal(*command, TERM="xterm", NO_COLOR="1"))
    assert "\x1b" not in on_terminal(*command, TERM="dumb")


def test_a_program_gets_each_sentence_in_one_line() -> None:
    done = edgebench_here("explain", VARIANTS, "onnx-int8 none", COLUMNS="60")
    assert done.stdout.startswith("resnet1d onnx-int8 on host: ")
    assert len(done.stdout.splitlines()[0]) > 60
