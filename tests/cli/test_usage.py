"""What cannot be understood is one line in plain words, with the flag and the value as they were typed."""

from __future__ import annotations

import pytest
from helpers import refused
from typer.main import get_command

from edgebench.cli import app as app_module
from edgebench.cli.options import FLAGS, flag_of
from edgebench.pipeline.plan import FIELDS


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("run --limit 0", "--limit 0: must be at least 1. See: edgebench run --help"),
        ("run --threads two", "--threads two: must be a whole number. See: edgebench run --help"),
        ("run --batch 8 --batch x", "--batch x: must be a whole number. See: edgebench run --help"),
        ("run --min-seconds nan", "--min-seconds nan: must be a finite number. See: edgebench run --help"),
        ("run --timeout 0", "--timeout 0: must be at least 1. See: edgebench run --help"),
        ("bundle x --paced 0", "--paced 0: must be at least 0.001. See: edgebench bundle --help"),
        ("quantize --max-f1-drop 2", "--max-f1-drop 2: must be at most 1. See: edgebench quantize --help"),
        ("train vit --learning-rate 0", "--learning-rate 0: must be above 0. See: edgebench train --help"),
        ("train vit --set crop", "--set crop: must be KEY=VALUE. See: edgebench train --help"),
        ("data fetch ptbxl --rate a", "--rate a: must be a whole number. See: edgebench data fetch --help"),
        ("inspect x -p b.gif", "--picture b.gif: must end in .svg or .png. See: edgebench inspect --help"),
        (f"run --limit {'9' * 400}", f"--limit {'9' * 40}…: too large a number. See: edgebench run --help"),
        (f"run --threads {'9' * 400}", f"--threads {'9' * 40}…: too large a number. See: edgebench run --help"),
        (f"run --limit {'9' * 5000}", f"--limit {'9' * 40}…: must be a whole number. See: edgebench run --help"),
        ("run --threads 9999", "--threads 9999: must be at most 256. See: edgebench run --help"),
        ("run --threds 2", "No such option: --threds; did you mean '--threads'? See: edgebench run --help"),
        ("run --limit", "--limit: needs a value. See: edgebench run --help"),
        ("data fetch --rate", "--rate: needs a value. See: edgebench data fetch --help"),
        ("run --keep-unlabelled=3", "--keep-unlabelled: takes no value. See: edgebench run --help"),
    ],
)
def test_the_flag_and_its_value_are_named(
    given: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(given, monkeypatch, capsys) == line


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("run --weights w.pth", "--weights w.pth: no model is path/to/file.py:FUNCTION"),
        ("export --weights w.pth", "--weights w.pth: no model is path/to/file.py:FUNCTION"),
        ("run --model a.py:f", "--model a.py:f: needs its weights: --weights FILE"),
        ("run --core 999", "--core 999: there is no such core here; there are 0"),
    ],
)
def test_a_plan_that_a_flag_spoils_is_the_flags_fault(
    given: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(given, monkeypatch, capsys).startswith(line)


def test_every_field_of_a_plan_has_a_flag() -> None:
    """So that an error can name it; how long a wait for coolness may be is for plans only."""
    command = get_command(app_module.app).commands["run"]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in parameter.opts}
    tables = {"finetuning": ("epochs", "qat_epochs", "rounds", "recipe")}
    places = [name for name in FIELDS if name not in ("finetuning", "measuring")]
    places += [f"{table}.{field}" for table, fields in tables.items() for field in fields]
    assert {flag_of(place) for place in places} <= known
    assert set(FLAGS.values()) <= known
    assert flag_of("finetuning.recipe.epochs") == "--finetune-set"
    assert flag_of("exporters.0") == "--exporter"
