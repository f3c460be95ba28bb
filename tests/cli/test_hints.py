"""What a command names to go on with leads on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench.cli.measure import how_to_continue, show
from edgebench.cli.run import RichView
from edgebench.core.measurements import Measurement

UNSCORED = replace(OK, scores=None)
INT8 = changed(OK, exporter="onnx-int8", precision="int8", int8_operators=7)
NOT_PROFILED = changed(INT8, int8_operators=None)


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([failed("bad", "it broke")], []),
        ([UNSCORED], []),
        ([OK, failed("bad", "it broke")], ["recommend"]),
        ([OK, INT8], ["recommend", "explain"]),
        ([OK, NOT_PROFILED], ["recommend"]),
        ([changed(OK, emulated=True, verdict="emulated")], ["recommend"]),
        ([replace(INT8, scores=None)], ["explain"]),
    ],
)
def test_only_commands_that_have_an_answer_are_named(
    rows: list[Measurement], named: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(run_of(*rows), tmp_path / "run", RichView())
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in said if line.startswith("next: ")] == named


@pytest.mark.parametrize("begun", [True, False])
def test_only_a_run_that_has_begun_is_resumed(begun: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = how_to_continue(tmp_path)
    if begun:
        (tmp_path / "plan.json").touch()
    with pytest.raises(typer.Exit), RichView().progress(text):
        raise KeyboardInterrupt
    assert ("--resume" in capsys.readouterr().err) is begun
