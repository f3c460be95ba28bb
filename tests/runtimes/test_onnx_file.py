"""ONNX files walked through without a library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mutations
import numpy as np
import onnx
import onnx_files
import pytest
from onnx import helper, numpy_helper

from edgebench.artifacts import manifests
from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core.contracts import Job
from edgebench.core.errors import ArtifactError
from edgebench.core.files import sha256
from edgebench.core.serialization import to_json
from edgebench.data.signals import stored
from edgebench.measuring import worker
from edgebench.runtimes import onnx_file


def test_the_numbers_of_the_fields_are_onnxs_own() -> None:
    message: dict[str, Any] = {
        "model": onnx.ModelProto, "training": onnx.TrainingInfoProto, "graph": onnx.GraphProto,
        "function": onnx.FunctionProto, "node": onnx.NodeProto, "attribute": onnx.AttributeProto,
        "sparse": onnx.SparseTensorProto, "tensor": onnx.TensorProto, "opset": onnx.OperatorSetIdProto,
        "external": onnx.StringStringEntryProto,
    }  # fmt: skip
    kind = {part.DESCRIPTOR.name: name for name, part in message.items()}
    for name, part in message.items():
        inner = {f.number: kind.get(f.message_type.name) for f in part.DESCRIPTOR.fields if f.message_type}
        expected = {number: one for number, one in inner.items() if one and number not in _texts(name)}
        assert onnx_file.PARTS.get(name, {}) == expected, name


def _texts(name: str) -> set[int]:
    """Fields of names and values that are not about tensors: metadata and the like."""
    return {
        "model": {14}, "training": {3, 4}, "graph": {16}, "node": {9}, "tensor": {16}, "function": {14},
    }.get(name, set())  # fmt: skip


def test_operators_and_versions_are_those_of_the_library(exported: Path) -> None:
    path = exported / "onnx-int8" / "model.onnx"
    model, found = onnx.load(path), onnx_file.read(path)
    assert found.ir_version == model.ir_version
    assert found.opsets == {o.domain: o.version for o in model.opset_import}
    assert sum(found.operators.values()) == len(model.graph.node)
    assert found.precision() == "int8"
    assert found.other == sum(int(np.prod(i.dims)) for i in model.graph.initializer)


def places() -> dict[str, Any]:
    """Models with a tensor in another file, by where the tensor is."""

    def tensor(name: str = "t") -> Any:
        return numpy_helper.from_array(np.ones(3, np.float32), name)

    found = {}
    plain = onnx_files.network(initializers=[tensor()])
    found["initialiser"] = onnx_files.outside(plain, plain.graph.initializer[1], "w.data")
    constant = onnx_files.network([helper.make_node("Constant", [], ["c"], value=tensor())])
    found["attribute"] = onnx_files.outside(constant, constant.graph.node[0].attribute[0].t, "w.data")
    branch = helper.make_graph([], "inner", [], [onnx_files.value("t", 3)], [tensor()])
    condition = numpy_helper.from_array(np.array(True), "yes")
    choice = helper.make_node("If", ["yes"], ["c"], then_branch=branch, else_branch=branch)
    inner = onnx_files.network([choice], initializers=[condition])
    subgraph = inner.graph.node[0].attribute[0].g
    found["subgraph"] = onnx_files.outside(inner, subgraph.initializer[0], "w.data")
    sparse = onnx_files.network()
    indices = numpy_helper.from_array(np.arange(3, dtype=np.int64), "i")
    sparse.graph.sparse_initializer.append(helper.make_sparse_tensor(tensor("s"), indices, [9]))
    found["sparse"] = onnx_files.outside(sparse, sparse.graph.sparse_initializer[0].values, "w.data")
    called = onnx_files.network()
    body = [helper.make_node("Constant", [], ["c"], value=tensor())]
    called.functions.append(helper.make_function("own", "F", [], ["c"], body, [helper.make_opsetid("", 17)]))
    found["function"] = onnx_files.outside(called, called.functions[0].node[0].attribute[0].t, "w.data")
    return found


@pytest.mark.parametrize("place", ["initialiser", "attribute", "subgraph", "sparse", "function"])
def test_weights_in_another_file_are_found_wherever_they_are(place: str, tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "net.onnx", places()[place])
    with pytest.raises(ArtifactError, match="save_as_external_data=False") as raised:
        onnx_file.require_whole(path)
    assert "w.data" in str(raised.value)


def test_the_way_out_makes_one_file(tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "net.onnx", onnx_files.network())
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="w.data", size_threshold=0)
    with pytest.raises(ArtifactError):
        onnx_file.require_whole(path)
    onnx.save_model(onnx.load(path), tmp_path / "whole.onnx", save_as_external_data=False)
    onnx_file.require_whole(tmp_path / "whole.onnx")


def with_its_weights_outside(artifact: StoredArtifact, folder: Path) -> StoredArtifact:
    """A stored artifact, with its manifest, whose weights lie beside its file."""
    folder.mkdir()
    file = folder / artifact.path.name
    onnx.save(onnx.load(artifact.path), file, save_as_external_data=True, location="w.data", size_threshold=0)
    record = replace(artifact.artifact, sha256=sha256(file), file_size_bytes=file.stat().st_size)
    (folder / "manifest.json").write_text(to_json(record))
    return StoredArtifact(record, file)


def test_a_stored_artifact_is_refused_too_by_the_manifest_and_by_the_worker(
    artifact: StoredArtifact, tmp_path: Path
) -> None:
    made = with_its_weights_outside(artifact, tmp_path / "stored")
    with pytest.raises(ArtifactError, match="keeps weights in another file"):
        manifests.read(tmp_path / "stored")
    outcome = worker.perform(Job("predict", made.artifact, str(made.path), "cpu", 1, "", stored(Path())[0], ""))
    assert outcome.status == "failed"
    assert "keeps weights in another file" in outcome.reason


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"junk", b"\x08" + b"\xff" * 12, b"\x3a\xff\xff\xff\xff\x0f", b"\x3a\x02\x0a" * 9]
)
def test_other_bytes_are_no_onnx_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(ArtifactError, match="not an ONNX file"):
        onnx_file.read(tmp_path / "x.onnx")


def test_graphs_within_graphs_without_end(tmp_path: Path) -> None:
    content = b""
    for _ in range(2000):
        attribute = _message(6, content)
        content = _message(1, _message(5, attribute))
    (tmp_path / "deep.onnx").write_bytes(_message(7, content))
    with pytest.raises(ArtifactError, match="not an ONNX file"):
        onnx_file.read(tmp_path / "deep.onnx")


def _message(number: int, content: bytes) -> bytes:
    size, length = len(content), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


@pytest.mark.slow
def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        onnx_file.require_whole(path)

    content = onnx_files.network().SerializeToString()
    taken, told = mutations.hold(read, mutations.of_bytes(content, 500))
    assert taken and told
