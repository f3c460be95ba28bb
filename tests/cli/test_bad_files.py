"""Files and folders that are not what a command needs: one line that says what they are, and nothing left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import snapshots
from helpers import refused

from edgebench.models import store

CARD = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"]\nthresholds = [0.5, 0.5, 0.5, 0.5, 0.5]\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of each kind that is wrong."""
    monkeypatch.chdir(tmp_path)
    for name in ("folder", "run"):
        Path(name).mkdir()
    Path("folder/a").touch()
    Path("run/plan.json").write_text('{"plan": {}, "inputs": {}}')
    for name, content in {
        "binary.toml": b"\xff\xfe\x00", "empty.toml": b"", "typed.toml": b"limit = 'x'",
        "engine.toml": b'name = "e"\ndescription = "e"\narchitecture = "x86_64"\nquantized_engine = "xnnpack"',
        "bad.onnx": b"hi", "bad.pt": b"hi", "bad.toml": CARD.encode(), "x.json": b"{}", "y.json": b"no",
        "z.json": b"\xff", "net.py": b"def build(n):\n    return 3\n", "net.toml": CARD.encode(), "alone.py": b"",
        "w.pth": b"hi",
    }.items():  # fmt: skip
        Path(name).write_bytes(content)
    shutil.copy(store.SHIPPED / "resnet1d.json", "model.json")
    return tmp_path


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("run folder", "folder: "),
        ("run run", "run: "),
        ("run binary.toml", "binary.toml: "),
        ("run empty.toml", "empty.toml: "),
        ("run typed.toml", "typed.toml: "),
        ("run -o folder", "folder: "),
        ("run -o x.json", "x.json: "),
        ("run -o run", "run: "),
        ("run --resume folder", "folder: "),
        ("run --resume x.json", "x.json: "),
        ("report folder", "folder: "),
        ("recommend folder", "folder: "),
        ("recommend x.json", "x.json: "),
        ("run --target binary.toml", "binary.toml: "),
        ("run --target engine.toml", "engine.toml: "),
        ("run --target folder.toml", "folder.toml: "),
        ("run --model net.py", "net.py: "),
        ("export --model net.py", "net.py: "),
        ("run --model bad.onnx", "bad.onnx: "),
        ("run --model x.json", "x.json: "),
        ("run --model y.json", "y.json: "),
        ("run --model z.json", "z.json: "),
        ("run --model none.json", "none.json: "),
        ("run --model resnet1", "'resnet1'"),
        ("run --model model.json", "model.json: "),
        ("run --model alone.py:build --weights w.pth", "alone.py: "),
        ("run --model none.py:build --weights w.pth", "none.py: "),
        ("run --model net.py:build --weights none.pth", "none.pth: "),
        ("run --artifact bad.onnx", "bad.onnx: "),
        ("run --artifact bad.pt", "bad.pt: "),
        ("run --artifact net.py", "net.py: "),
        ("measure nowhere", "nowhere: "),
        ("measure folder", "folder: "),
        ("measure x.json", "x.json: "),
        ("measure z.json", "z.json: "),
        ("measure model.json", "model.json: "),
        ("inspect nowhere", "nowhere: "),
        ("bundle nowhere", "nowhere: "),
        ("export --exporter onnx -o x.json", "x.json: "),
        ("run --dataset ptbxl --data-dir x.json", "x.json: "),
        ("data info x.json", "x.json: "),
        ("data info ptbxl x.json", "x.json: "),
        ("data info ptbxl nowhere", "nowhere: "),
        ("data info nowhere", "'nowhere'"),
        ("data info demo --dataset-option lead=II", "demo: "),
        ("data info cifar10 folder --dataset-option lead=II", "cifar10: "),
        ("data fetch demo", "demo: "),
        ("data fetch nothing", "'nothing'"),
        ("data fetch echonet new", "EchoNet-Dynamic"),
        ("data fetch ptbxl x.json", "x.json: "),
        ("quantize --dataset ptbxl --data-dir nowhere", "nowhere: "),
        ("train resnet1d --dataset demo -o x.json", "x.json: "),
        ("train resnet1d --dataset demo --teacher nobody", "'nobody'"),
        ("train resnet1d --dataset demo --device gpu", "--device gpu"),
        ("train resnet1d --resume -o new", "new/resnet1d.checkpoint.pt: "),
    ],
)
def test_it_is_one_line_and_nothing_is_left(
    given: str, named: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.rglob("*"))
    line = refused(given, monkeypatch, capsys)
    assert named in line and (named.startswith("'") or line.startswith(named))
    snapshots.check_line("errors-files", given, line)
    assert sorted(here.rglob("*")) == before


def test_a_plan_that_cannot_be_read_for_want_of_rights(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(self: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", denied)
    assert refused("run typed.toml", monkeypatch, capsys).endswith("(Permission denied)")
