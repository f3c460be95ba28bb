"""The contents of .pt files, by their archive alone."""

from __future__ import annotations

import zipfile
from pathlib import Path

import mutations
import onnx_files
import pytest
import torch
from torch import nn

from edgebench.artifacts import import_file
from edgebench.core.errors import ArtifactError
from edgebench.runtimes import torch_file


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "a.pt"
    traced = torch.jit.trace(nn.Linear(3, 2).eval(), torch.zeros(1, 3))  # type: ignore[no-untyped-call]
    traced.save(path)
    return path


def said(path: Path) -> str:
    with pytest.raises(ArtifactError) as raised:
        torch_file.precision(path)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)
    return str(raised.value)


def test_precision_by_the_operators(exported: Path, script: Path) -> None:
    assert torch_file.precision(script) == "fp32"
    assert torch_file.precision(exported / "fbgemm-int8" / "model.pt") == "int8"
    assert torch_file.precision(exported / "torch-int8-dynamic" / "model.pt") == "int8-dynamic"


class Fixed(nn.Module):
    """As tracing on a GPU writes it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.to(torch.device("cuda:0"))


class Chosen(nn.Module):
    """Chooses its device."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:
            return x.to(torch.device("cuda:0"))
        return x.mean(1)[:, :5]


class Anywhere(nn.Module):
    """Names no device."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(1)[:, :5]


@pytest.mark.parametrize(("network", "cuda"), [(Fixed, True), (Chosen, False), (Anywhere, False)])
def test_what_was_made_for_cuda_runs_there_only(network: type[nn.Module], cuda: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.jit.script(network()).save(path)  # type: ignore[no-untyped-call]
    (tmp_path / "a.toml").write_text(onnx_files.CARD)
    assert torch_file.on_cuda(path) is cuda
    assert import_file.describe(path, tuned=False).devices == (("cuda",) if cuda else ("cpu", "cuda"))


def test_a_state_dict_is_named_with_the_way_out(tmp_path: Path) -> None:
    state = nn.Linear(3, 2).state_dict()
    torch.save(state, tmp_path / "a.pt")
    torch.save({"epoch": 3, "model": state, "half": {"w": torch.zeros(2, dtype=torch.bfloat16)}}, tmp_path / "b.pt")
    torch.save(state, tmp_path / "c.pt", _use_new_zipfile_serialization=False)
    for name in ("a.pt", "b.pt", "c.pt"):
        assert f"--model FILE.py:build --weights {tmp_path / name}" in said(tmp_path / name)
    assert "holds a state dict" in said(tmp_path / "a.pt") and "holds a state dict" in said(tmp_path / "b.pt")


def test_a_pickled_network_is_not_taken_for_a_state_dict(tmp_path: Path) -> None:
    torch.save(nn.Linear(3, 2), tmp_path / "whole.pt")
    assert "whole pickled network (torch.nn.modules.linear Linear)" in said(tmp_path / "whole.pt")


def test_hostile_archives(script: Path, tmp_path: Path) -> None:
    content = bytearray(script.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1  # the bit of an encrypted file
        at = content.find(b"PK\x01\x02", at + 4)
    (tmp_path / "locked.pt").write_bytes(content)
    assert "encrypted" in said(tmp_path / "locked.pt")
    (tmp_path / "cut.pt").write_bytes(script.read_bytes()[:-100])
    assert "damaged or cut" in said(tmp_path / "cut.pt")
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "text.pt").write_text("hello")
    assert "not a TorchScript file" in said(tmp_path / "empty.pt") and "not a Torch" in said(tmp_path / "text.pt")
    with zipfile.ZipFile(tmp_path / "zip.pt", "w") as archive:
        archive.writestr("a/readme", "hello")
    assert "an archive, not a TorchScript file" in said(tmp_path / "zip.pt")
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/constants.pkl", "")
        with archive.open("a/code/x.py", "w") as entry:
            for _ in range(torch_file.MOST_CODE // 2**20 + 1):
                entry.write(bytes(2**20))
    assert (tmp_path / "bomb.pt").stat().st_size < 2**20
    assert "unpacks to more than" in said(tmp_path / "bomb.pt")


@pytest.mark.slow
def test_damaged_files_are_read_or_refused(script: Path, tmp_path: Path) -> None:
    torch.save(nn.Linear(3, 2).state_dict(), tmp_path / "state.pt")
    for source in (script, tmp_path / "state.pt"):

        def read(content: bytes) -> None:
            (tmp_path / "x.pt").write_bytes(content)
            torch_file.precision(tmp_path / "x.pt")

        _, told = mutations.hold(read, mutations.of_bytes(source.read_bytes(), 500))
        assert told
