from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgebench.core import user_code
from edgebench.core.errors import DataError


def test_only_a_named_file_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(user_code.TRUSTED, "")
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "mine.py"
    path.write_text("import beside\nvalue = beside.value\n")
    (tmp_path / "beside.py").write_text("value = 7\n")
    with pytest.raises(DataError, match=f"{user_code.TRUSTED}={path}"):
        user_code.run(path, DataError)
    user_code.trust(path)
    assert user_code.run(path, DataError).value == 7
    (tmp_path / "link.py").symlink_to(path)
    assert user_code.run(tmp_path / "link.py", DataError).value == 7, "it is the same file"


@pytest.mark.parametrize(
    "code", ["raise SystemExit(3)", "1/0", "import no_such_module", "def x(:", "raise ValueError('a\\nb')"]
)
def test_a_file_that_fails_is_one_line(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(user_code.TRUSTED, str(tmp_path / "mine.py"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(DataError) as raised:
        user_code.run(tmp_path / "mine.py", DataError)
    assert str(raised.value).startswith(f"{tmp_path / 'mine.py'}: ") and "\n" not in str(raised.value)


def test_specs(tmp_path: Path) -> None:
    (tmp_path / "mine.py").touch()
    assert user_code.split(f"{tmp_path}/mine.py:dataset", "dataset", DataError) == (tmp_path / "mine.py", "dataset")
    for wrong in (
        "mine.py",
        f"{tmp_path}/no.py:x",
        f"{tmp_path}/mine.py:",
        f"{tmp_path}/mine.py:a.b",
        "a\0.py:x",
        "x" * 9000 + ":x",
    ):
        with pytest.raises(DataError, match=r"path/to/file\.py:NAME"):
            user_code.split(wrong, "dataset", DataError)
