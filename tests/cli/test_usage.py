"""What cannot be understood is one line in plain words, with the flag and the value as they were typed."""

from __future__ import annotations

import pytest
import snapshots
from helpers import refused


@pytest.mark.parametrize(
    ("given", "named", "command"),
    [
        ("run --limit 0", "--limit 0", "edgebench run"),
        ("run --threads two", "--threads two", "edgebench run"),
        ("run --batch 8 --batch x", "--batch x", "edgebench run"),
        ("run --min-seconds nan", "--min-seconds nan", "edgebench run"),
        ("run --timeout 0", "--timeout 0", "edgebench run"),
        ("bundle x --paced 0", "--paced 0", "edgebench bundle"),
        ("quantize --max-f1-drop -1", "--max-f1-drop -1", "edgebench quantize"),
        ("train vit --learning-rate 0", "--learning-rate 0", "edgebench train"),
        ("train vit --set crop", "--set crop", "edgebench train"),
        ("data fetch ptbxl --rate a", "--rate a", "edgebench data fetch"),
        ("inspect x -p b.gif", "--picture b.gif", "edgebench inspect"),
        (f"run --limit {'9' * 400}", f"--limit {'9' * 40}…", "edgebench run"),
        (f"run --threads {'9' * 400}", f"--threads {'9' * 40}…", "edgebench run"),
        (f"run --limit {'9' * 5000}", f"--limit {'9' * 40}…", "edgebench run"),
        ("run --threads 9999", "--threads 9999", "edgebench run"),
        ("run --threds 2", "--threds", "edgebench run"),
        ("run --limit", "--limit", "edgebench run"),
        ("data fetch --rate", "--rate", "edgebench data fetch"),
        ("data fetch ptbxl --fold 9", "--fold", "edgebench data fetch"),
        ("data fetch echonet x --synthetic 0", "--synthetic 0", "edgebench data fetch"),
        ("run --keep-unlabelled=3", "--keep-unlabelled", "edgebench run"),
    ],
)
def test_the_flag_and_its_value_are_named(
    given: str, named: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(given, monkeypatch, capsys)
    assert named in line and line.endswith(f": {command} --help")
    key = given if len(given) < 60 else f"{given[:20]}… ({len(given)} characters)"
    snapshots.check_line("errors-flags", key, line)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("run --weights w.pth", "--weights w.pth"),
        ("export --weights w.pth", "--weights w.pth"),
        ("run --model a.py:f", "--model a.py:f"),
        ("run --core 999", "--core 999"),
    ],
)
def test_a_plan_that_a_flag_spoils_is_the_flags_fault(
    given: str, named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(given, monkeypatch, capsys).startswith(f"{named}: ")
