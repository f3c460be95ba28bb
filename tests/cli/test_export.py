"""What could be exported, without files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import own_files
import pytest
from sample_records import ARTIFACT

from edgebench.cli import app, export
from edgebench.core.contracts import Outcome


def test_a_check_says_what_each_exporter_takes_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = own_files.write(tmp_path)
    line = "x = x.clamp(-1, 1) * -3 if x.abs().max() > 3 else x"
    net.write_text(net.read_text().replace("        return self.head", f"        {line}\n        return self.head"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")

    def files() -> list[Path]:
        return sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts)

    before = files()
    asked = ["--model", f"{net}:build", "--weights", str(net.with_suffix(".pth"))]
    chosen = ["--exporter", "eager", "--exporter", "torchscript"]
    monkeypatch.setattr("sys.argv", ["edgebench", "export", "--check", *asked, *chosen])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code in (0, None)
    said = capsys.readouterr().out
    shown = {row.split()[0].rpartition("/")[2]: row for row in said.splitlines() if "/none/" in row}
    assert " ok " in shown["eager"]
    assert " failed " in shown["torchscript"]
    assert "x.clamp(-1, 1)" in " ".join(said.split()), "on one line or several, as wide as the terminal is"
    assert files() == before


def test_layers_in_float_stand_with_their_reason() -> None:
    parts = ("stem.0: no kernel", "a: no kernel", "b: no kernel", "c: no kernel", "head (Gemm): it is sensitive")
    made = replace(ARTIFACT, float_parts=parts, int8_weights=0.25)
    assert export.tried(Outcome("ok", result=made), "") == [
        "ok", "25.0%", "in float: stem.0, a, b and 1 more: no kernel; in float: head (Gemm): it is sensitive"
    ]  # fmt: skip
    assert export.tried(Outcome("unsupported", "/tmp/x/model.pt: it has no layer"), "/tmp/x/")[1:] == [
        "", "model.pt: it has no layer"
    ]  # fmt: skip
