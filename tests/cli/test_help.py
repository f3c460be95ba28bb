"""`--help` of every command, as a terminal of 80 columns shows it."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from edgebench.cli import app as app_module
from edgebench.core.settings import Measuring
from edgebench.pipeline.plan import BuildPlan, MeasurePlan

COMMANDS = (
    "run", "measure", "export", "bundle", "report", "train", "quantize", "inspect", "list", "doctor", "data fetch",
    "data info", "recommend", "compare", "gate", "explain",
)  # fmt: skip


def shown(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.argv", ["edgebench", *name.split(), "--help"])
    with pytest.raises(SystemExit) as ended:
        app_module.main()
    assert ended.value.code == 0
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def declared(name: str) -> str:
    command = get_command(app_module.app)
    for word in name.split():
        command = command.commands[word]  # type: ignore[attr-defined]
    return (command.help or "").replace("\b", "").replace("[bold]", "").replace("[/bold]", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_of_an_example_wraps(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(name, monkeypatch, capsys)
    examples = [line for line in declared(name).splitlines() if line.startswith(("edgebench ", "# "))]
    assert examples
    for example in examples:
        assert f" {example}" in lines
    at = lines.index(f" {examples[0]}")
    assert lines[at - 2].strip() in ("Example", "Examples") and not lines[at - 1]
    assert not any("\b" in line for line in lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = get_command(app_module.app)
    for word in name.split():
        command = command.commands[word]  # type: ignore[attr-defined]
    for parameter in command.params:
        if parameter.name != "help":
            assert getattr(parameter, "help", ""), parameter.name
    text = "\n".join(shown(name, monkeypatch, capsys))
    assert not re.search(r"<list\[(str|int)|range>|<float|<int|Repeatable", text)


def test_defaults_are_those_of_the_plan(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(" ".join(shown("run", monkeypatch, capsys)).replace("│", " ").split())
    build, measure, measuring = BuildPlan(), MeasurePlan(), Measuring()
    for flag, value in {
        "processes": measuring.processes, "warmup": measuring.warmup, "min-samples": measuring.min_samples,
        "min-seconds": measuring.min_seconds, "timeout": f"{measuring.timeout_s:g}", "seed": measure.seed,
        "steady-limit": f"{measuring.steady_limit_s:g}", "calibration-records": build.calibration_records,
        "dataset": measure.dataset, "model": build.models[0], "target": ", ".join(measure.targets),
        "finetune-rounds": build.finetuning.rounds,
    }.items():  # fmt: skip
        assert re.search(rf"--{flag} (?:(?!\[default).)*\[default: {value}\]", text), flag


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("list", "doctor")])
def test_help_names_what_is_written(name: str) -> None:
    said = declared(name).lower()
    assert any(word in said for word in ("write", "into results", "goes into", "fills", "into one file"))
