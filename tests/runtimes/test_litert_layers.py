"""The layers of LiteRT's files are those of the network, under its names."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from openvino_files import graph, made

from edgebench.runtimes import litert_layers, onnx_weights

litert = pytest.mark.skipif(not importlib.util.find_spec("litert_torch"), reason="edgebench[litert] is not installed")


@pytest.mark.parametrize(
    ("tensor", "modules"),
    [
        ("a.Net/torch.nn.modules.container.Sequential_features/torch.nn.modules.conv.Conv1d_0;1", ("features.0",)),
        ("a.Net/torch.nn.modules.activation.ReLU_b;;a.Net/torch.nn.modules.conv.Conv2d_a;", ("a", "b")),
        ("a.Net/b._Block_stage_1/torch.nn.modules.linear.Linear_out_proj;", ("stage_1.out_proj",)),
        ("arith.constant1", ()),
    ],
)
def test_the_modules_of_a_tensor(tensor: str, modules: tuple[str, ...]) -> None:
    assert litert_layers.modules_of(tensor) == modules


@litert
def test_its_weights_are_those_of_the_network() -> None:
    there = {layer.name: layer.values for layer in onnx_weights.layers(graph())}
    for spec in ("litert", "litert-int8:static"):
        for layer in litert_layers.layers(made(spec).path):
            step = 1e-7 if layer.scale is None else float(layer.scale.max())
            values = layer.values.reshape(len(layer.values), -1, layer.values.shape[-1])
            own = there[layer.name].reshape(len(values), -1, there[layer.name].shape[-1])
            own = own if layer.name == "head" else np.moveaxis(own, 1, 2)  # LiteRT has the channels last
            assert np.abs(values - own).max() <= step
            assert layer.bits == (32 if layer.scale is None else 8)
