from __future__ import annotations

from pathlib import Path

import pytest
from child_modules import ChildMaker


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChildMaker:
    """Write a module for `ask`."""
    return ChildMaker(tmp_path, monkeypatch)
