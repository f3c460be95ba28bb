"""ONNX files that are made smaller and still compute in floats: half precision, and weights alone in int8 or int4."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from openvino_files import SIGNALS, expected, made
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.errors import Unsupported
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ECG
from edgebench.runtimes.onnx import RUNTIME


class Tokens(nn.Module):
    """Matrix products over a sequence, as in a transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.layer, self.head = nn.Conv1d(12, 64, 20, 20), nn.Linear(64, 64), nn.Linear(64, 5)

    def forward(self, signals: Tensor) -> Tensor:
        tokens = self.layer(self.patches(signals).transpose(1, 2)).relu()
        logits: Tensor = self.head(tokens.mean(1))
        return logits


def test_half_precision_is_close_and_half_as_large() -> None:
    found = made("onnx-fp16")
    session = RUNTIME.load(found.path, found.artifact, "cpu")
    answer = session.predict(SIGNALS)
    assert answer.dtype == np.float32 and found.artifact.precision == "fp16"
    assert 0 < np.abs(answer - expected()).max() < 1e-3
    kinds = {one.data_type for one in onnx.load(found.path).graph.initializer if len(one.dims) > 1}
    assert onnx.TensorProto.FLOAT16 in kinds


@pytest.mark.parametrize(("word", "bits", "bound"), [("int8-weights", 8, 1e-3), ("int4-weights", 4, 2e-2)])
def test_weights_alone_are_small(word: str, bits: int, bound: float, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Tokens().eval()
    task = ExportTask(network, tmp_path, tmp_path, ECG, lambda: SIGNALS, {"bits": word})
    found = registry.exporter("onnx-weight-only").export(task)
    assert found.precision == word
    (node,) = [one for one in onnx.load(found.file).graph.node if one.op_type == "MatMulNBits"]
    assert {a.name: a.i for a in node.attribute}["bits"] == bits
    assert {part.split()[0] for part in found.float_parts} == {"patches", "head"}
    with torch.inference_mode():
        own = network(torch.from_numpy(SIGNALS)).numpy()
    answer = RUNTIME.load(found.file, made("onnx-fp16").artifact, "cpu").predict(SIGNALS)
    assert 0 < np.abs(answer - own).max() < bound


def test_a_network_without_matrix_products_is_refused() -> None:
    with pytest.raises(Unsupported, match="matrix product"):
        made("onnx-weight-only")
