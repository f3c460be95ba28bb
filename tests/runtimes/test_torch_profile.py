"""Profiles by torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.artifacts import manifests
from edgebench.runtimes import torch_profile


@pytest.mark.parametrize(("operator", "kind"), [
    ("quantized::conv1d_relu", "int8"), ("quantized::linear_dynamic", "int8"), ("aten::quantized_max_pool1d", "int8"),
    ("aten::quantize_per_tensor", "conversion"), ("aten::dequantize", "conversion"), ("aten::addmm", "float"),
])  # fmt: skip
def test_torch_operators(operator: str, kind: str) -> None:
    assert torch_profile.kind_of(operator) == kind


def test_what_runs_on_integers_is_known_by_its_inputs() -> None:
    assert torch_profile.kind_of("aten::max_pool1d", "c10::quint8") == "int8"
    assert torch_profile.kind_of("aten::dequantize", "c10::quint8") == "conversion"
    assert torch_profile.kind_of("aten::max_pool1d", "float") == "float"


def test_pooling_of_integers_is_not_float(exported: Path) -> None:
    """resnet1d pools between its convolutions, in int8 as they are; what is left in float is its input and its head."""
    import torch

    torch.backends.quantized.engine = "fbgemm"
    module = torch.jit.load(str(manifests.read(exported / "fbgemm-int8").path))  # type: ignore[no-untyped-call]
    record = np.zeros((1, 12, 1000), np.float32)
    found = torch_profile.profile(lambda r: module(torch.from_numpy(r)), [(record,)] * 4)
    kinds = {o.name: o.kind for o in found}
    assert kinds["aten::max_pool1d"] == kinds["aten::avg_pool1d"] == "int8"
    assert kinds["aten::sub"] == "float"
