"""The one line that an error gives."""

from __future__ import annotations

from edgebench.core.errors import first_line


def test_a_reason_is_never_empty() -> None:
    assert first_line(RuntimeError("\n\n  version 9 is too new\nstack")) == "version 9 is too new"
    assert first_line(RuntimeError("")) == "RuntimeError"
