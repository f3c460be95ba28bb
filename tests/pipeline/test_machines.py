"""This machine as the one that a run's work is given to."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.cells import Target
from edgebench.pipeline.machines import HERE
from edgebench.remote import session


def test_only_devices_over_ssh_are_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Target] = []
    monkeypatch.setattr(session, "check", lambda target, _: asked.append(target))
    board = Target("board", "", "", ssh="pi@board")
    assert HERE.elsewhere(board) and not HERE.elsewhere(Target("x86-cpu", "", "")) and HERE.boards(board) == 1
    HERE.check(board, tmp_path)
    assert asked == [board]
