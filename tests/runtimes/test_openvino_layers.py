"""The weights of OpenVINO's files are those of the network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("nncf")

from openvino_files import graph, made

from edgebench.runtimes import onnx_weights, openvino_layers


def test_layers_are_called_and_turned_as_in_the_onnx_graph() -> None:
    expected = {layer.name: layer.values for layer in onnx_weights.layers(graph())}
    found = {layer.name: layer for layer in openvino_layers.layers(made("openvino").path)}
    assert found.keys() == expected.keys() and {layer.bits for layer in found.values()} == {32}
    for name, layer in found.items():
        np.testing.assert_array_equal(layer.values, expected[name])


def test_int8_weights_are_near_the_float_ones() -> None:
    expected = {layer.name: layer.values for layer in onnx_weights.layers(graph())}
    for layer in openvino_layers.layers(made("openvino-int8").path):
        assert layer.scale is not None and layer.zero is not None and 0 < layer.levels <= 256
        assert np.abs(layer.values - expected[layer.name]).max() <= layer.scale.max()
