"""Files and folders that are not what a command needs: one line that says what they are, and nothing left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
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
    ("given", "line"),
    [
        ("run folder", "folder: a folder; a plan is a TOML file"),
        ("run run", "run: a folder; a plan is a TOML file; go on with that run: edgebench run --resume run"),
        ("run binary.toml", "binary.toml: not a plan: not a text file in UTF-8"),
        ("run empty.toml", "empty.toml: the plan is empty; say what to run"),
        ("run typed.toml", "typed.toml: limit: must be a whole number, not 'x'"),
        ("run -o folder", "folder: already there; give another --output"),
        ("run -o x.json", "x.json: a file, not a folder; give another --output"),
        ("run -o run", "run: already there; give another --output, or go on with it: edgebench run --resume run"),
        ("run --resume folder", "folder: not a run's folder (no plan.json)"),
        ("run --resume x.json", "x.json: a file, not a run's folder"),
        ("report folder", "folder: not a run's folder (no plan.json)"),
        ("recommend folder", "folder: not a run's folder (no plan.json)"),
        ("recommend x.json", "x.json: a file, not a run's folder"),
        ("run --target binary.toml", "binary.toml: not a target profile"),
        ("run --target engine.toml", "engine.toml: quantized_engine: must be 'fbgemm', 'x86', 'onednn' or 'qnnpack'"),
        ("run --target folder.toml", "folder.toml: no such target profile"),
        ("run --model net.py", "net.py: name the function in it that gives the network, and its weights: --model"),
        ("export --model net.py", "net.py: name the function in it"),
        ("run --model bad.onnx", "bad.onnx: not a model to export; measure the file as it is: edgebench run"),
        ("run --model x.json", "x.json: not the manifest of a model"),
        ("run --model y.json", "y.json: not the manifest of a model"),
        ("run --model z.json", "z.json: not the manifest of a model"),
        ("run --model none.json", "none.json: no such manifest of a model"),
        ("run --model resnet1", "no trained model 'resnet1'; known: "),
        ("run --model model.json", "model.json: its weights 'resnet1d.safetensors' are not beside it"),
        ("run --model alone.py:build --weights w.pth", "alone.py: no alone.toml beside it"),
        ("run --model none.py:build --weights w.pth", "none.py: no such file"),
        ("run --model net.py:build --weights none.pth", "none.pth: no such file of weights"),
        ("run --artifact bad.onnx", "bad.onnx: not an ONNX file, or a damaged one"),
        ("run --artifact bad.pt", "bad.pt: not a TorchScript file"),
        ("run --artifact net.py", "net.py: not an artifact; name a folder that edgebench export wrote"),
        ("measure nowhere", "nowhere: no such file or folder"),
        ("measure folder", "folder: no manifest.json there; export one"),
        ("measure x.json", "x.json: not the manifest of an artifact"),
        ("measure z.json", "z.json: not an artifact"),
        ("measure model.json", "model.json: the manifest of a model, not of an artifact; export it: --model model"),
        ("inspect nowhere", "nowhere: no such file or folder"),
        ("bundle nowhere", "nowhere: no such file or folder"),
        ("export --exporter onnx -o x.json", "x.json: a file, not a folder; give another --output"),
        ("run --dataset ptbxl --data-dir x.json", "x.json: a file, not a folder; this fetches PTB-XL into one"),
        ("data info x.json", "x.json: a file, not a folder; this fetches PTB-XL into one: edgebench data fetch ptbxl"),
        ("data info nowhere", "nowhere: no such folder; this fetches PTB-XL into one: edgebench data fetch ptbxl"),
        ("data fetch ptbxl x.json", "x.json: a file, not a folder; name the folder to fill"),
        ("quantize --dataset ptbxl --data-dir nowhere", "nowhere: no such folder"),
        ("train resnet1d --dataset demo -o x.json", "x.json: a file, not a folder; give another --output"),
        ("train resnet1d --dataset demo --teacher nobody", "no trained model 'nobody'"),
        ("train resnet1d --dataset demo --device gpu", "--device gpu: no such device; give cpu or cuda"),
        ("train resnet1d --resume -o new", "new/resnet1d.checkpoint.pt: no checkpoint to resume"),
    ],
)  # fmt: skip
def test_it_is_one_line_and_nothing_is_left(
    given: str, line: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.rglob("*"))
    assert refused(given, monkeypatch, capsys).startswith(line)
    assert sorted(here.rglob("*")) == before


def test_a_plan_that_cannot_be_read_for_want_of_rights(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(self: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", denied)
    assert refused("run typed.toml", monkeypatch, capsys) == "typed.toml: cannot read the plan (Permission denied)"
