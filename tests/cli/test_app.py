"""The command line as a user meets it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import edgebench, edgebench_here

from edgebench.cli import app as app_module

VARIANTS = Path(__file__).parents[2] / "results" / "reference" / "variants-resnet1d"
COMMANDS = (
    "run", "measure", "export", "report", "recommend", "compare", "gate", "train", "quantize", "explain", "inspect",
    "list", "doctor", "data",
)  # fmt: skip


def test_help_names_every_command() -> None:
    done = edgebench("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f" {name} " in done.stdout


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("doctor", "data")])
def test_help_has_examples(name: str) -> None:
    done = edgebench_here(name, "--help")
    assert "Example" in done.stdout
    assert f"edgebench {name} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "--exporter", "tflite"], "'tflite'"),
        (["run", "--target", "pi"], "'pi'"),
        (["run", "--model", "vgg"], "'vgg'"),
        (["run", "--variant", "lottery-0.4"], "'lottery-0.4'"),
        (["run", "--variant", "l1-1.4"], "1.4"),
        (["run", "--variant", "qat"], "--qat-epochs"),
        (["run", "--finetune-set", "crops=3"], "'crops'"),
        (["run", "--finetune-set", "epochs=3"], "--finetune-epochs"),
        (["run", "--exporter", "onnx-int8:fast"], "'fast'"),
        (["run", "--dataset", "ptbxl"], "--data-dir"),
        (["run", "--dataset", "ptbxl", "--data-dir", "nowhere"], "nowhere: "),
        (["run", "--dataset", "mitbih"], "'mitbih'"),
        (["run", "nowhere.toml"], "nowhere.toml: "),
        (["run", "--resume", "nowhere"], "nowhere: "),
        (["run", "--resume", "a", "-o", "b"], "--resume"),
        (["export", "--model", "vgg"], "'vgg'"),
        (["train", "resnet1d", "--dataset", "demo", "--device", "abacus"], "--device abacus"),
        (["measure", "nowhere"], "nowhere: "),
        (["report", "nowhere"], "nowhere: "),
        (["export", "--exporter", "onnx-int8", "--dataset", "ptbxl", "--data-dir", "nowhere"], "nowhere: "),
        (["train", "vgg", "--dataset", "demo"], "'vgg'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], named: str, tmp_path: Path) -> None:
    done = edgebench_here(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and named in done.stderr
    assert done.stderr.count("\n") == 1, "no stage stands before it"
    assert not list(tmp_path.iterdir()), "nothing is half-written"


def test_list_shows_every_kind() -> None:
    done = edgebench_here("list")
    for text in ("datasets", "onnx-int8", "resnet1d", "raspberry-pi-5", "demo"):
        assert text in done.stdout


def test_doctor_says_what_is_emulated_and_why() -> None:
    import platform

    done = edgebench_here("doctor")
    assert done.returncode == 0
    assert "raspberry-pi-5" in done.stdout
    for sensor in ("energy, cpu", "temperature", "frequency", "throttling"):
        assert sensor in done.stdout
    if platform.machine() == "x86_64":
        said = " ".join(done.stdout.split())
        assert "emulated" in said
        assert "this machine is x86_64" in said


def test_export_then_report_of_measure(exported: Path, tmp_path: Path) -> None:
    done = edgebench_here(
        "measure", exported / "onnx", "--limit", "8", "--min-samples", "3", "--min-seconds", "0", "--processes", "1",
        "--threads", "1", "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "macro-F1 on 8 records of demo (synthetic)" in done.stdout
    again = edgebench_here("report", tmp_path / "run", "--format", "md", "-o", tmp_path / "out")
    assert again.returncode == 0
    assert (tmp_path / "out" / "report.md").read_text() == (tmp_path / "run" / "report.md").read_text()


def test_tables_fit_80_columns(exported: Path, tmp_path: Path) -> None:
    done = edgebench_here(
        "measure", exported / "onnx", "--limit", "8", "--min-samples", "3", "--min-seconds", "0", "--processes", "1",
        "--threads", "1", "-o", tmp_path / "run", COLUMNS="80",
    )  # fmt: skip
    table = done.stdout.partition("★ no other")[0].splitlines()
    assert "onnx" in done.stdout
    assert "…" not in done.stdout
    assert max(len(line) for line in table) <= 80


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("runn", "No such command 'runn'"), ("run a b", "extra argument"), ("recommend", "Missing argument"),
        ("data fech", "See: edgebench data --help"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_one_line(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["edgebench", *given.split()])
    with pytest.raises(SystemExit) as ended:
        app_module.main()
    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert shown.out == "" and shown.err.count("\n") == 1 and shown.err.startswith("error: ") and said in shown.err
    assert " --help" in shown.err


def test_help_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for given, code in (([], 2), (["data"], 2), (["--help"], 0), (["run", "--help"], 0), (["--version"], 0)):
        monkeypatch.setattr("sys.argv", ["edgebench", *given])
        with pytest.raises(SystemExit) as ended:
            app_module.main()
        shown = capsys.readouterr()
        assert (ended.value.code, shown.err, bool(shown.out)) == (code, "", True), given


def test_explain_names_the_words_that_there_are() -> None:
    done = edgebench_here("explain", VARIANTS, "foo onnx")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "no cell has all of the words 'foo onnx'; the words are resnet1d, l1-0.4, none, " in done.stderr


def test_list_tells_plugins_apart() -> None:
    shown = " ".join(edgebench_here("list", "variants").stdout.split())
    assert all(f" {name} " in f" {shown} " for name in ("none", "l1", "random", "structured", "qat"))
    assert "renderers (report formats)" in edgebench_here("list", "renderers").stdout


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    """By SIGTERM, which is taken as Ctrl-C is: what a script starts in the background ignores SIGINT."""
    with subprocess.Popen(
        [sys.executable, "-m", "edgebench", "export", "--exporter", "onnx", "-o", "out"], cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        while (line := child.stderr.readline()) and "export and check" not in line:
            pass
        time.sleep(1)  # in the middle of an import a library may take it for an error of its own
        child.send_signal(signal.SIGTERM)
        said = child.stderr.read()
        assert child.wait() == 130
    last = said.splitlines()[-1]
    assert last == "interrupted; exported files are kept, and the same command exports everything again"
