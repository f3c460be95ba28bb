"""Imported weights: read without running code, or refused with the reason."""

from __future__ import annotations

import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import mutations
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from edgebench.core.errors import ModelError
from edgebench.models.external.foreign_weights import Weights, read_weights

torch.manual_seed(0)
STATE = nn.Linear(3, 2).state_dict()


def saved(value: Any, folder: Path, name: str = "w.pt") -> Path:
    torch.save(value, folder / name)
    return folder / name


def same(read: Weights, state: Any) -> bool:
    return read.state.keys() == state.keys() and all(torch.equal(read.state[k], state[k]) for k in state)


def said(path: Path) -> str:
    with pytest.raises(ModelError) as raised:
        read_weights(path)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)
    return str(raised.value)


def test_each_way_of_saving_is_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    for path in (tmp_path / "a.safetensors", saved(STATE, tmp_path, "b.pth")):
        assert same(read_weights(path), STATE)
        assert read_weights(path).notes == ()


@pytest.mark.parametrize("name", ["state_dict", "model_state_dict", "model", "network", "net"])
def test_a_checkpoint_of_a_training_script(name: str, tmp_path: Path) -> None:
    optimiser = torch.optim.Adam(nn.Linear(3, 2).parameters()).state_dict()
    read = read_weights(saved({"epoch": 3, name: STATE, "optimizer": optimiser, "model_ema": {}}, tmp_path))
    assert same(read, STATE)
    assert f"'{name}'" in read.notes[0] and "optimizer" in read.notes[0]


def test_the_trained_weights_are_taken_not_their_moving_average(tmp_path: Path) -> None:
    average = {k: v + 1 for k, v in STATE.items()}
    read = read_weights(saved({"model_ema": average, "model": STATE}, tmp_path))
    assert same(read, STATE) and "model_ema" in read.notes[0]
    assert same(read_weights(saved({"net": {"state_dict": STATE}}, tmp_path)), STATE)
    assert same(read_weights(saved({"best": STATE, "epoch": 1}, tmp_path)), STATE), "the only tensors in it"
    assert "not a state dict" in said(saved({"best": STATE, "last": average}, tmp_path))


def test_numbers_of_numpy_are_data(tmp_path: Path) -> None:
    beside = {
        "best_auc": np.float64(0.9), "step": np.int64(7), "good": np.bool_(True), "kind": np.dtype("float32"),
        "curve": np.arange(5, dtype=np.float32), "half": np.float16(1), "seen": OrderedDict(a=[np.float32(1)]),
    }  # fmt: skip
    assert same(read_weights(saved({"epoch": 3, "model_state_dict": STATE, **beside}, tmp_path)), STATE)


def test_numbers_of_numpy_1_are_data_too(tmp_path: Path) -> None:
    path = saved({"model": STATE, "best_auc": np.float64(0.9)}, tmp_path)
    content = path.read_bytes()
    assert b"numpy._core.multiarray" in content
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "old.pt", "w") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry).replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert same(read_weights(tmp_path / "old.pt"), STATE)


class Payload:
    """Would create a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


class Settings:
    """A class of the user's."""

    def __init__(self) -> None:
        self.depth = 3


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    assert "torch.nn.modules.linear.Linear" in said(saved(nn.Linear(3, 2), tmp_path))
    reason = said(saved({"model": STATE, "a": [Payload(tmp_path / "harm")]}, tmp_path))
    assert "under 'a'" in reason and ".open" in reason and "save the weights alone" in reason
    assert not (tmp_path / "harm").exists()
    reason = said(saved({"state_dict": STATE, "hyper_parameters": {"x": Settings()}}, tmp_path))
    assert "Settings, under 'hyper_parameters'" in reason


def test_files_without_a_state_dict(tmp_path: Path) -> None:
    (tmp_path / "noise.pth").write_bytes(b"noise")
    (tmp_path / "empty.pth").write_bytes(b"")
    saved([1, 2], tmp_path, "list.pth")
    saved({"epoch": 3, "names": ["a"]}, tmp_path, "other.pth")
    for name in ("noise.pth", "empty.pth", "list.pth", "none.pth", ".", "other.pth"):
        said(tmp_path / name)
    assert "keys epoch, names" in said(tmp_path / "other.pth")
    script = torch.jit.trace(nn.Linear(3, 2).eval(), torch.zeros(1, 3))  # type: ignore[no-untyped-call]
    script.save(tmp_path / "script.pt")
    assert "--artifact" in said(tmp_path / "script.pt")


HEADERS = {
    "long": (2**60).to_bytes(8, "little") + b"{}",
    "short": b"\x01",
    "overlap": b'{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},'
    b'"b":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]}}',
    "dtype": b'{"a":{"dtype":"Q3","shape":[2,2],"data_offsets":[0,16]}}',
    "huge": b'{"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,16]}}',
    "negative": b'{"a":{"dtype":"F32","shape":[-2,-2],"data_offsets":[0,16]}}',
    "deep": b"[" * 200_000,
    "text": b"\xff\xfe{}",
}


@pytest.mark.parametrize("kind", HEADERS)
def test_lying_headers_of_safetensors(kind: str, tmp_path: Path) -> None:
    header = HEADERS[kind]
    prefix = b"" if kind in ("long", "short") else len(header).to_bytes(8, "little")
    (tmp_path / "x.safetensors").write_bytes(prefix + header + (b"" if kind == "short" else bytes(24)))
    said(tmp_path / "x.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["w.pt", "old.pt", "w.safetensors"])
def test_damaged_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "w.safetensors":
        save_file(STATE, path)
    else:
        beside = {"model": STATE, "best_auc": np.float64(0.9)}
        torch.save(beside, path, _use_new_zipfile_serialization=name == "w.pt")

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_weights(path)

    _, told = mutations.hold(read, mutations.of_bytes(path.read_bytes(), 500))
    assert told
