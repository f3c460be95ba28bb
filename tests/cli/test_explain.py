"""The table of a cell's operators, and a profile that is not one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from decisions import CELL

from edgebench.cli import app
from edgebench.core.serialization import to_json

OPERATOR = {"name": "Conv", "kind": "float", "calls": 1, "seconds": 0.01}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder with one cell."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "plan.json").write_text('{"plan": {}, "inputs": {}}')
    (tmp_path / "environment.json").write_text("{}")
    (tmp_path / "measurements.jsonl").write_text(to_json(CELL) + "\n")
    return tmp_path


def explained(run: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of the command."""
    monkeypatch.setattr("sys.argv", ["edgebench", "explain", str(run)])
    with pytest.raises(SystemExit) as ended:
        app.main()
    return ended.value.code


def test_operators_are_shown(run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    odd = {**OPERATOR, "name": "a\ud800\x1b[31m"}
    (run / "profiles" / f"{CELL.cell.id}.json").write_text(json.dumps([OPERATOR, odd]))
    assert explained(run, monkeypatch) in (0, None)
    shown = capsys.readouterr().out
    assert "Conv" in shown and "50%" in shown and "a\ufffd\ufffd[31m" in shown


@pytest.mark.parametrize(
    "content",
    [
        5, {"name": 1}, [5], ["x"], [{}], [[OPERATOR]], [{**OPERATOR, "seconds": "x"}], [{**OPERATOR, "seconds": -1}],
        [{**OPERATOR, "seconds": float("nan")}], [{**OPERATOR, "seconds": None}], [{**OPERATOR, "calls": 10**400}],
        [{**OPERATOR, "kind": "odd"}], [{**OPERATOR, "more": 1}], None,
    ],
)  # fmt: skip
def test_a_profile_that_is_none_is_one_line(
    run: Path, content: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run / "profiles" / f"{CELL.cell.id}.json"
    path.write_text("[" * 100_000 if content is None else json.dumps(content))
    assert explained(run, monkeypatch) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path}: damaged") and error.count("\n") == 1
