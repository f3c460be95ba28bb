"""The start of the command line."""

from __future__ import annotations

import sys

import pytest

from edgebench import __main__ as start


def test_ctrl_c_before_the_command_begins_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "_main", pressed)
    with pytest.raises(SystemExit) as ended:
        start.main()
    assert ended.value.code == 130


def test_importing_it_leaves_the_path_alone() -> None:
    """Only `python -m edgebench` takes the working directory off it."""
    assert start.__name__ == "edgebench.__main__" and sys.path[0]
