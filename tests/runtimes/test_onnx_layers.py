"""The layers of nodes that ONNX Runtime has optimised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgebench.runtimes import onnx_layers
from edgebench.runtimes.onnx_names import SCOPES

onnx = pytest.importorskip("onnx")


@pytest.fixture
def finder(tmp_path: Path) -> Callable[[str, str], str]:
    """Of a convolution with its activation, quantized, and a normalisation with another one's weights."""
    made = onnx.helper.make_node
    nodes = [
        made("Conv", ["x", "stem.0.weight"], ["conv"], name="node_Conv_1"),
        made("Relu", ["conv"], ["relu"], name="node_relu"),
        made("QuantizeLinear", ["relu", "scale"], ["quantized"], name="relu_QuantizeLinear"),
        made("DequantizeLinear", ["quantized", "scale"], ["again"], name="relu_DequantizeLinear"),
        made("LayerNormalization", ["again", "blocks.0.norm.weight"], ["norm"], name="node_layer_norm"),
        made("MatMul", ["norm", "val_3"], ["y"], name="/blocks/blocks.1/fc/MatMul"),
    ]
    for node, scopes in ((nodes[1], "['', 'stem', 'stem.2', 'relu']"), (nodes[4], "['', 'blocks.1.norm', 'n']")):
        node.metadata_props.add(key=SCOPES, value=scopes)
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "graph", [], []))
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return onnx_layers.finder(path)


@pytest.mark.parametrize(("name", "operator", "layer"), [
    ("node_Conv_1", "Conv", "stem.0"), ("node_Conv_1_token_12", "QLinearConv", "stem.0"),
    ("relu_nchwc", "Conv", "stem.0"), ("node_relu", "Relu", "stem.2"),
    ("relu_QuantizeLinear", "QuantizeLinear", "stem.2"),
    ("relu_DequantizeLinear", "DequantizeLinear", "stem.2"), ("node_layer_norm", "LayerNormalization", "blocks.1.norm"),
    ("/blocks/blocks.1/fc/MatMul", "MatMul", "blocks.1.fc"), ("BiasGelu", "BiasGelu", ""),
    ("x_QuantizeLinear", "QuantizeLinear", ""),
])  # fmt: skip
def test_the_layer_of_what_was_executed(
    finder: Callable[[str, str], str], name: str, operator: str, layer: str
) -> None:
    assert finder(name, operator) == layer
