"""`edgebench recommend` as a user meets it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import snapshots
from decisions import CELL
from flat_rows import changed
from helpers import edgebench, edgebench_here

import edgebench as package
from edgebench.artifacts import manifests
from edgebench.core.measurements import Measurement
from edgebench.core.serialization import to_json

ROOT = Path(__file__).parents[2]
RUN = "results/reference/ptbxl-x86"


def written(folder: Path, *rows: Measurement) -> Path:
    folder.mkdir(exist_ok=True)
    targets = list(dict.fromkeys(m.cell.target for m in rows))
    (folder / "plan.json").write_text(json.dumps({"plan": {"targets": targets}, "inputs": {}}))
    (folder / "environment.json").write_text("{}")
    (folder / "measurements.jsonl").write_text("".join(to_json(m) + "\n" for m in rows))
    return folder


def test_it_names_the_file_and_fits_80_columns(exported: Path, tmp_path: Path) -> None:
    home = tmp_path / "run" / "artifacts" / "resnet1d" / "none"
    shutil.copytree(exported / "onnx", home / "onnx")
    made = manifests.read(home / "onnx").artifact
    assert made is not None
    best = changed(CELL, model="resnet1d", artifact_sha256=made.sha256, file_size_bytes=made.file_size_bytes)
    rows = [best, changed(best, exporter="eager", latency_p50_s=0.02, latency_p50_low_s=0.019, latency_p50_high_s=0.03)]
    run = written(tmp_path / "run", *rows)
    done = edgebench("recommend", "run", "--max-latency", "25 ms", cwd=tmp_path, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"ship     resnet1d onnx\nfile     run/artifacts/resnet1d/none/onnx/{made.file}\n" in done.stdout
    assert "not      resnet1d eager: latency 20.0 ms, 2.00 times slower, beyond the noise;" in done.stdout
    assert f"{made.file}\nsha256   {made.sha256}\ngives    10.0 ms (9.00 ms to 11.0 ms), " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not [line for line in done.stdout.splitlines() if line != line.rstrip()]
    program = done.stdout.partition("in the folder of the file\n\n")[2]
    said = subprocess.run([sys.executable, "-c", program], cwd=home / "onnx", capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert (run / "measurements.jsonl").exists()


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_what_is_copied_stands_on_one_line(exported: Path, tmp_path: Path, columns: str) -> None:
    home = tmp_path / "a folder with a long name, which no terminal of 80 columns has room for" / "run"
    shutil.copytree(exported / "onnx", home / "artifacts" / "resnet1d" / "none" / "onnx")
    made = manifests.read(exported / "onnx").artifact
    assert made is not None
    written(home, changed(CELL, model="resnet1d", artifact_sha256=made.sha256, file_size_bytes=made.file_size_bytes))
    lines = edgebench_here("recommend", home, COLUMNS=columns).stdout.splitlines()
    path = home / "artifacts" / "resnet1d" / "none" / "onnx" / made.file
    assert lines[1:4] == ["ship     resnet1d onnx", f"file     {path}", f"sha256   {made.sha256}"]
    path.unlink()
    lines = edgebench_here("recommend", home, COLUMNS="40").stdout.splitlines()
    assert lines[2].endswith("artifacts/resnet1d/none/onnx/model.onnx"), "no name is folded"
    assert lines[3] == "         (not here: the run's folder"


def test_exit_codes_are_those_of_the_targets_that_were_asked_for(tmp_path: Path) -> None:
    small = changed(CELL, target="cuda", file_size_bytes=10)
    written(tmp_path / "run", CELL, small)
    both = edgebench_here("recommend", "run", "--max-size", "100B", cwd=tmp_path)
    assert both.returncode == 1
    assert "host on a machine\nship     nothing\n" in both.stdout
    assert "\n\ncuda on a machine\nship     net onnx\n" in both.stdout
    one = edgebench_here("recommend", "run", "--max-size", "100B", "--target", "cuda", cwd=tmp_path)
    assert one.returncode == 0
    assert "host" not in one.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--max-latency", "20"], "--max-latency '20': "),
        (["--max-size", "5Mb"], "--max-size '5Mb': "),
        (["--max-memory", "-5MB"], "--max-memory '-5MB': "),
        (["--max-size", "1e400MB"], "--max-size '1e400MB': "),
        (["--max-latency", "inf"], "--max-latency 'inf': "),
        (["--max-latency="], "--max-latency '': "),
        (["--target="], "--target '': "),
        (["--min-f1", "nan"], "--min-score 'nan': "),
        (["--min-f1", "1%"], "--min-score '1%': "),
        (["--max-f1-drop", "1.5"], "max-drop 1.5"),
        (["--max-f1-drop", "-0.01"], "--max-drop '-0.01': "),
        (["--max-latency", "1,5ms"], "--max-latency '1,5ms': "),
        (["--max-f1-drop", "1%"], "--max-drop '1%': "),
        (["--prefer", "speed"], "--prefer speed: "),
        (["--target", "pi"], "'pi'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], named: str) -> None:
    done = edgebench_here("recommend", RUN, *arguments, cwd=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and named in done.stderr
    snapshots.check_line("errors-bounds", " ".join(arguments), done.stderr.strip())
    assert len(done.stderr.splitlines()) == 1


NO_RUNS = {
    "none": (None, "not a run's folder (no plan.json)"), "text": (b"x", "not JSON"), "bytes": (b"\xff\xfe", "not JSON"),
    "a list": (b"[]", "not of a run"), "another program's": (b'{"format_version": "1.2"}', "not of a run (no plan)"),
    "a plan of a number": (b'{"plan": 5, "inputs": {}}', "not of a run (no plan)"),
    "targets of a number": (b'{"plan": {"targets": 5}, "inputs": {}}', "targets: "),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), NO_RUNS.values(), ids=NO_RUNS)
def test_a_folder_that_is_no_run(tmp_path: Path, content: bytes | None, said: str) -> None:
    (tmp_path / "environment.json").write_text("{}")
    if content is not None:
        (tmp_path / "plan.json").write_bytes(content)
    done = edgebench_here("recommend", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and said in done.stderr and done.stderr.count("\n") == 1


def test_a_run_without_a_cell_to_choose(tmp_path: Path) -> None:
    written(tmp_path / "empty")
    done = edgebench_here("recommend", "empty", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: empty: ") and "edgebench run --resume empty\n" in done.stderr
    failed = changed(CELL, status="failed", reason="it broke")
    written(tmp_path / "run", failed, changed(failed, exporter="x"), changed(CELL, target="pi", macro_f1=None))
    done = edgebench_here("recommend", "run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: run: nothing to choose from.")
    assert "host was measured completely: 2 failed." in done.stderr
    assert "pi was measured completely: 1 without some metric." in done.stderr
    written(tmp_path / "some", failed, changed(CELL, target="pi"))
    some = edgebench_here("recommend", "some", cwd=tmp_path)
    assert some.returncode == 1, "one of the targets has an answer"
    assert "host on a machine\nship     nothing\n" in some.stdout


@pytest.mark.parametrize("name", ["[red]x[/red]", "[/]", "[bold", "a\\[b]", "x\x1b[31m\x07y\u202ez"])
def test_markup_and_control_characters_in_names_do_nothing(tmp_path: Path, name: str) -> None:
    shown = re.sub("[\x07\x1b\u202e]", "\ufffd", name)
    odd = changed(CELL, model=name, host=name, target=name, dataset=name)
    slow = changed(odd, exporter=name, latency_p50_s=0.05, latency_p50_low_s=0.04, latency_p50_high_s=0.06)
    run = written(tmp_path / "[red]run", odd, slow)
    done = edgebench_here("recommend", run)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{shown} on {shown}\nship     {shown} onnx\n")
    assert f"\nnot      {shown} {shown}: " in done.stdout
    assert not re.search("[^\n -\u2000\ufffd]", done.stdout), "nothing that steers a terminal"
    none = edgebench_here("recommend", run, "--max-size", "1B", cwd=tmp_path)
    assert f"\nnearest  {shown} " in none.stdout
    missing = edgebench_here("recommend", run / "[bold]")
    assert (missing.returncode, missing.stderr) == (
        2,
        f"error: {run}/[bold]: no such folder; name one that edgebench run wrote\n",
    )


def test_where_all_is_emulated_no_latency_is_shown(tmp_path: Path) -> None:
    pi = changed(CELL, target="pi", emulated=True, verdict="emulated", verdict_reason="")
    run = written(tmp_path / "run", pi, changed(pi, exporter="x", file_size_bytes=500))
    done = edgebench_here("recommend", run, "--max-latency", "1us", "--min-f1", "0.7", COLUMNS="120")
    assert done.returncode == 0
    assert "ship     net x\n" in done.stdout
    assert "The bound of 1 µs on latency was not checked" in " ".join(done.stdout.split())
    none = edgebench_here("recommend", run, "--max-latency", "1us", "--min-f1", "0.8", COLUMNS="120")
    assert none.returncode == 1
    assert "nearest  net onnx: 1.00 kB, 100 B memory, macro-F1 0.700; misses macro-F1 at least 0.8 by" in none.stdout
    assert not re.search(r"\d ms", done.stdout + none.stdout)


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
    assert answer.chosen and answer.chosen.cell.exporter == "onnx-int8", "a file larger by 4 %, 8 times less memory"
