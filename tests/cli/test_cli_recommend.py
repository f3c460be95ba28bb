"""`edgebench recommend` as a user meets it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from decisions import CELL
from helpers import edgebench

import edgebench as package
from edgebench import artifacts
from edgebench.measurements import Measurement
from edgebench.records import to_json

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "choosing.md"
EXAMPLE = re.compile(r"<!-- example (edgebench recommend .*?) -->\n```\n(.*?)```\n<!-- end -->", re.DOTALL)
RUN = "results/reference/ptbxl-x86"


def written(folder: Path, *rows: Measurement) -> Path:
    folder.mkdir(exist_ok=True)
    targets = list(dict.fromkeys(m.target for m in rows))
    (folder / "plan.json").write_text(json.dumps({"plan": {"targets": targets}, "inputs": {}}))
    (folder / "environment.json").write_text("{}")
    (folder / "measurements.jsonl").write_text("".join(to_json(m) + "\n" for m in rows))
    return folder


@pytest.mark.parametrize(("line", "shown"), EXAMPLE.findall(PAGE.read_text()))
def test_the_pages_examples_are_what_the_command_says(line: str, shown: str) -> None:
    done = edgebench(*shlex.split(line)[1:], cwd=ROOT, COLUMNS="80")
    assert shown == done.stdout, "paste it anew: COLUMNS=80 " + line
    assert done.returncode == (1 if "ship     nothing" in shown else 0)


def test_the_page_has_both_answers() -> None:
    answers = [shown for _, shown in EXAMPLE.findall(PAGE.read_text())]
    assert ["ship     nothing" in text for text in answers] == [False, True]


def test_it_names_the_file_and_fits_80_columns(exported: Path, tmp_path: Path) -> None:
    home = tmp_path / "run" / "artifacts" / "resnet1d" / "none"
    shutil.copytree(exported / "onnx", home / "onnx")
    made = artifacts.read(home / "onnx").artifact
    assert made is not None
    best = replace(CELL, model="resnet1d", artifact_sha256=made.sha256)
    rows = [best, replace(best, exporter="eager", latency_p50_s=0.02, latency_p50_low_s=0.019, latency_p50_high_s=0.03)]
    run = written(tmp_path / "run", *rows)
    done = edgebench("recommend", "run", "--max-latency", "25 ms", cwd=tmp_path, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ship     resnet1d onnx\n" in done.stdout
    assert "not      resnet1d eager: latency 20.0 ms, 2.00 times slower, beyond the noise;" in done.stdout
    assert f"\nfile     run/artifacts/resnet1d/none/onnx/{made.file}\n" in done.stdout
    assert f"\nsha256   {made.sha256}\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not [line for line in done.stdout.splitlines() if line != line.rstrip()]
    program = done.stdout.partition("in the folder of the file\n\n")[2]
    said = subprocess.run([sys.executable, "-c", program], cwd=home / "onnx", capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert (run / "measurements.jsonl").exists()


def test_exit_codes_are_those_of_the_targets_that_were_asked_for(tmp_path: Path) -> None:
    small = replace(CELL, target="cuda", file_size_bytes=10)
    written(tmp_path / "run", CELL, small)
    both = edgebench("recommend", "run", "--max-size", "100B", cwd=tmp_path)
    assert both.returncode == 1
    assert "host on a machine\nship     nothing\n" in both.stdout
    assert "\n\ncuda on a machine\nship     net onnx\n" in both.stdout
    one = edgebench("recommend", "run", "--max-size", "100B", "--target", "cuda", cwd=tmp_path)
    assert one.returncode == 0
    assert "host" not in one.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--max-latency", "20"], "--max-latency '20': which unit? Give a number with one of s, ms, µs, ns, such as"),
        (["--max-size", "5Mb"], "--max-size '5Mb': unknown unit 'Mb'; give a number with one of B, kB, MB,"),
        (["--max-memory", "-5MB"], "--max-memory '-5MB': must be at least 1 B"),
        (["--max-size", "1e400MB"], "--max-size '1e400MB': too large a number"),
        (["--max-latency", "inf"], "--max-latency 'inf': expected a number with one of"),
        (["--max-latency="], "--max-latency '': expected a number with one of"),
        (["--target="], "--target '': which one?"),
        (["--min-f1", "nan"], "--min-f1 'nan': expected a number from 0 to 1"),
        (["--min-f1", "1%"], "--min-f1 '1%': expected a number from 0 to 1"),
        (["--max-f1-drop", "1.5"], "--max-f1-drop '1.5': must be a number from 0 to 1"),
        (["--max-f1-drop", "-0.01"], "--max-f1-drop '-0.01': must be a number from 0 to 1"),
        (["--prefer", "speed"], "prefer 'speed': unknown; there is latency, size, memory, f1"),
        (["--target", "pi"], "ptbxl-x86 has no cell on a target 'pi'; there is host, arm-qnnpack"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], line: str) -> None:
    done = edgebench("recommend", RUN, *arguments, cwd=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {line}")
    assert len(done.stderr.splitlines()) == 1


def test_no_run_and_an_empty_run(tmp_path: Path) -> None:
    assert edgebench("recommend", tmp_path / "nowhere").returncode == 2
    written(tmp_path / "empty")
    done = edgebench("recommend", tmp_path / "empty")
    assert (done.returncode, done.stderr) == (2, f"error: {tmp_path / 'empty'}: no cell was measured\n")


def test_markup_in_names_is_shown_as_it_is(tmp_path: Path) -> None:
    odd = replace(CELL, model="[red]x[/red]", host="[bold]", dataset="<b>")
    done = edgebench("recommend", written(tmp_path / "run", odd))
    assert "[bold]" in done.stdout and "ship     [red]x[/red] onnx\n" in done.stdout


@pytest.mark.skipif(shutil.which("script") is None, reason="needs script(1), which makes a terminal")
@pytest.mark.parametrize("plain", [False, True])
def test_colours_only_where_they_are_wanted(plain: bool) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", **({"NO_COLOR": "1"} if plain else {})}
    if not plain:
        environment.pop("NO_COLOR", None)
    line = f"{shlex.quote(sys.executable)} -m edgebench recommend {RUN} --target host"
    done = subprocess.run(
        ["script", "-qec", line, "/dev/null"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ("\x1b[32m" in done.stdout) != plain


def test_the_function_is_public() -> None:
    (answer,) = package.recommend(ROOT / RUN, "host", max_latency_s=0.02, prefer="size")
    assert answer.chosen and answer.chosen.exporter == "fbgemm-int8"
