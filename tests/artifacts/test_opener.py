"""What the child answers about a file, here in this process; tests/artifacts/test_opening.py starts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutations
import onnx_files
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file

from edgebench.artifacts import opener
from edgebench.core import formats
from edgebench.core.errors import ArtifactError


def answer(path: Path, form: str = "onnx", what: str = "interface") -> dict[str, Any]:
    return opener.answer({"path": str(path), "format": form, "what": what})


def test_inputs_outputs_and_precision(tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "net.onnx", onnx_files.network())
    found = formats.facts("onnx", path)
    assert [(p.name, p.shape, p.type) for p in found.inputs or ()] == [("x", ("batch", 12, 1000), "tensor(float)")]
    assert [(p.name, p.shape) for p in found.outputs or ()] == [("logits", ("batch", 5))]
    assert found.precision == "fp32"


def test_most_weights_in_half_precision(tmp_path: Path) -> None:
    half = helper.make_tensor("h", TensorProto.FLOAT16, [1000], bytes(2000), raw=True)
    path = onnx_files.write(tmp_path / "net.onnx", onnx_files.network(initializers=[half]))
    assert formats.facts("onnx", path).precision == "fp16"


def test_a_graph_is_not_optimised(tmp_path: Path) -> None:
    """Folding the constants of this one takes minutes: the test would run into its limit."""
    path = onnx_files.write(tmp_path / "slow.onnx", onnx_files.slow_to_optimise())
    assert answer(path)["facts"]["precision"] == "fp32"


def test_each_layer(tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "net.onnx", onnx_files.network())
    (layer,) = answer(path, what="layers")["layers"]
    assert (layer["name"], layer["shape"], layer["low"], layer["high"]) == ("head", (5, 12), -1.0, 1.0)
    save_file({"a.weight": torch.zeros(4, 3)}, tmp_path / "zeros.safetensors")
    (layer,) = answer(tmp_path / "zeros.safetensors", "eager", "layers")["layers"]
    assert layer["per_tensor_db"] in (None, "inf"), "an infinite ratio is no JSON"


def test_weights_outside_are_refused_for_layers_too(tmp_path: Path) -> None:
    model = onnx_files.network()
    onnx_files.outside(model, model.graph.initializer[0], "/etc/passwd")
    path = onnx_files.write(tmp_path / "net.onnx", model)
    for what in ("interface", "layers"):
        assert "keeps weights in another file (/etc/passwd)" in answer(path, what=what)["error"]


HEADERS = {
    "long": (2**60).to_bytes(8, "little") + b"{}",
    "cut": (100).to_bytes(8, "little") + b"{}",
    "overlap": b'{"a.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},'
    b'"b.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]}}',
    "dtype": b'{"a.weight":{"dtype":"Q3","shape":[2,2],"data_offsets":[0,16]}}',
    "shape": b'{"a.weight":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,16]}}',
    "deep": b"[" * 200_000,
}


@pytest.mark.parametrize("kind", HEADERS)
def test_lying_headers_of_safetensors(kind: str, tmp_path: Path) -> None:
    header = HEADERS[kind]
    prefix = b"" if kind in ("long", "cut") else len(header).to_bytes(8, "little")
    (tmp_path / "x.safetensors").write_bytes(prefix + header + bytes(24))
    assert str(tmp_path / "x.safetensors") in answer(tmp_path / "x.safetensors", "eager", "layers")["error"]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["onnx", "torchscript", "eager"])
@pytest.mark.parametrize("what", ["interface", "layers"])
def test_damaged_files_are_answered(form: str, what: str, tmp_path: Path) -> None:
    if form == "onnx":
        content = onnx_files.network().SerializeToString()
    elif form == "torchscript":
        torch.jit.trace(torch.nn.Linear(3, 2).eval(), torch.zeros(1, 3)).save(tmp_path / "a.pt")  # type: ignore[no-untyped-call]
        content = (tmp_path / "a.pt").read_bytes()
    else:
        save_file({"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2)}, tmp_path / "a")
        content = (tmp_path / "a").read_bytes()

    def read(damaged: bytes) -> None:
        path = tmp_path / "x.pt"
        path.write_bytes(damaged)
        if "error" in (said := answer(path, form, what)):
            raise ArtifactError(said["error"])

    _, told = mutations.hold(read, mutations.of_bytes(content, 500))
    assert told
