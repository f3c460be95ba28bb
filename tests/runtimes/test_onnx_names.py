"""The names of layers in the network that was exported."""

from __future__ import annotations

import pytest

onnx = pytest.importorskip("onnx")

from edgebench.runtimes.onnx_names import SCOPES, layer  # noqa: E402


@pytest.mark.parametrize(
    ("name", "scopes", "weight", "called"),
    [
        ("node_Conv_1", "['', 'stem', 'stem.1', 'norm']", "stem.0.weight", "stem.0"),
        ("node_Conv_1", "", "stem.0.weight_quantized", "stem.0"),
        ("node_MatMul_7", "['', 'blocks', 'blocks.0', 'blocks.0.attn', 'matmul']", "val_3", "blocks.0.attn"),
        ("node_linear", "['', 'linear']", "val_3", "node_linear"),
        ("node_linear", "[[[damaged", "val_3", "node_linear"),
        ("/layer1/layer1.0/conv1/Conv", "", "onnx::Conv_12", "layer1.0.conv1"),
        ("", "", "w", "y"),
    ],
)
def test_weights_then_scopes_then_the_nodes_path(name: str, scopes: str, weight: str, called: str) -> None:
    node = onnx.helper.make_node("Conv", ["x", weight], ["y"], name=name)
    if scopes:
        node.metadata_props.add(key=SCOPES, value=scopes)
    assert layer(node, weight) == called
