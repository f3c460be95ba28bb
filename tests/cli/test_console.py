"""What a command's exceptions become: one line and an exit code."""

from __future__ import annotations

import errno

import pytest
import typer

from edgebench.cli.console import USAGE, command
from edgebench.core.errors import RunError


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (RunError("a run"), USAGE),
        (OSError(errno.EACCES, "Permission denied", "x"), USAGE),
        (ModuleNotFoundError("No module named 'timm'", name="timm"), USAGE),
    ],
)
def test_an_exception_is_one_line_and_a_code(
    raised: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    @command
    def failing() -> None:
        raise raised

    with pytest.raises(typer.Exit) as ended:
        failing()
    assert ended.value.exit_code == code
    assert capsys.readouterr().err.count("\n") == 1


def test_a_fault_of_our_own_is_no_message() -> None:
    @command
    def failing() -> None:
        raise ModuleNotFoundError("No module named 'edgebench.nowhere'", name="edgebench.nowhere")

    with pytest.raises(ModuleNotFoundError):
        failing()
