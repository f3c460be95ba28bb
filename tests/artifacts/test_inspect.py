"""The weights inside an artifact, by every format that has any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import EXPORTERS

from edgebench.artifacts import inspect, manifests
from edgebench.core.errors import ArtifactError
from edgebench.core.file_facts import Layer
from edgebench.models import store
from edgebench.quantization import error

LAYERS = 19
"""Convolutions and the linear layer of resnet1d."""


def facts_of(folder: Path) -> list[inspect.LayerFacts]:
    found = manifests.read(folder)
    assert found.artifact is not None
    assert found.path is not None
    return [inspect.facts(layer) for layer in inspect.layers(found.path, found.artifact.format)]


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_layer_is_found(exported: Path, name: str) -> None:
    found = facts_of(exported / name)
    assert len(found) == LAYERS
    assert sum(np.prod(f.shape) for f in found) == sum(
        p.numel() for p in store.network(store.find("resnet1d")).parameters() if p.ndim > 1
    )
    bits = {f.bits for f in found}
    assert bits == ({8} if name.endswith("-int8") else {8, 32} if name.endswith("-dynamic") else {32})


def test_the_numbers_of_a_float_layer_are_the_lens_own(exported: Path) -> None:
    """The first convolution's weights, as the model has them."""
    weight = store.network(store.find("resnet1d")).state_dict()
    name, tensor = next((k, v) for k, v in weight.items() if v.ndim == 3)
    found = next(f for f in facts_of(exported / "eager") if f.name == name.removesuffix(".weight"))
    values = tensor.numpy()
    assert (found.low, found.high) == (float(values.min()), float(values.max()))
    assert found.per_channel_db == error.loss(values, error.quantize(values, axis=0)).sqnr_db
    assert (found.per_channel_db or 0) > (found.per_tensor_db or 0) > 20
    assert sum(found.histogram) == values.size
    assert found.rounding_db is None


def test_int8_tells_its_rounding(exported: Path) -> None:
    """7-bit weights (ONNX, reduced) lose 6 dB against 8-bit ones (FBGEMM)."""
    fbgemm, onnx = facts_of(exported / "fbgemm-int8"), facts_of(exported / "onnx-int8")
    for found in (*fbgemm, *onnx):
        assert found.rounding_db is not None
        assert 20 < found.rounding_db < 60
        assert 0.4 < (found.range_used or 0) <= 1
    gap = np.mean([f.rounding_db or 0 for f in fbgemm]) - np.mean([f.rounding_db or 0 for f in onnx])
    assert gap == pytest.approx(6.02, abs=1.0)


def test_a_layer_by_hand() -> None:
    """Two channels with the scales 0.5 and 2: mean of s²/12 is (0.25 + 4) / 24; mean of x² is 4.25 / 2."""
    layer = Layer("net", np.array([[0.5], [2.0]], np.float32), 8, np.array([0.5, 2.0], np.float32), 128)
    found = inspect.facts(layer)
    assert found.rounding_db == pytest.approx(10 * np.log10((4.25 / 2) / ((0.25 + 4) / 24)))
    assert found.range_used == 0.5


@pytest.mark.parametrize("name", ["onnx", "onnx-int8", "eager"])
def test_layers_are_called_as_in_the_network(exported: Path, name: str) -> None:
    network = store.network(store.find("resnet1d"))
    modules = {n for n, m in network.named_modules() if getattr(m, "weight", None) is not None and m.weight.ndim > 1}
    assert {f.name for f in facts_of(exported / name)} == modules


@pytest.mark.parametrize("name", ["onnx-int8", "fbgemm-int8"])
def test_int8_layers_have_scales_and_zero_points(exported: Path, name: str) -> None:
    found = facts_of(exported / name)
    assert all(f.scale and 0 < f.scale[0] <= f.scale[1] for f in found)
    assert all(f.zero_point is not None for f in found)
    if name == "onnx-int8":
        ranges = [f.input_range for f in found]
        assert all(r is not None and r[0] <= 0 <= r[1] and r[0] < r[1] for r in ranges)


def test_zeros_are_counted() -> None:
    found = inspect.facts(Layer("net", np.array([[0.0, 1.0], [0.0, -1.0]], np.float32), 32))
    assert found.sparsity == 0.5


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"no torchscript")
    with pytest.raises(ArtifactError, match="cannot be read") as raised:
        inspect.layers(tmp_path / "model.pt", "torchscript")
    assert "\n" not in str(raised.value)
