"""A small network as LiteRT's files: fp32, and int8 in each scheme."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import small_networks
import torch
from openvino_files import SIGNALS, expected, made

from edgebench.core import registry
from edgebench.core.errors import Unsupported
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ECG
from edgebench.runtimes.litert import RUNTIME

THERE = importlib.util.find_spec("litert_torch") and importlib.util.find_spec("ai_edge_quantizer")
litert = pytest.mark.skipif(not THERE, reason="edgebench[litert] is not installed")


def predicted(spec: str) -> np.ndarray:
    found = made(spec)
    RUNTIME.start(1, "")
    session = RUNTIME.load(found.path, found.artifact, "cpu")
    return np.concatenate([session.predict(SIGNALS[i : i + 1]) for i in range(len(SIGNALS))])


@litert
def test_fp32_is_the_network_one_record_at_a_time() -> None:
    found = made("litert")
    assert found.path.name == "model.tflite" and found.artifact.batch == 1
    np.testing.assert_allclose(predicted("litert"), expected(), atol=1e-5)


@litert
@pytest.mark.parametrize(
    ("spec", "precision"),
    [("litert-int8", "int8-dynamic"), ("litert-int8:mixed", "int8"), ("litert-int8:static", "int8")],
)
def test_int8_is_small_and_close(spec: str, precision: str) -> None:
    found = made(spec)
    assert 0 < np.abs(predicted(spec) - expected()).max() < 0.1
    assert set(found.exported.int8_modules or ()) == {"features.0", "features.3", "head"}
    assert found.artifact.precision == precision
    assert bool(found.exported.calibration_method) == (precision == "int8")
    assert found.artifact.file_size_bytes < made("litert").artifact.file_size_bytes


@litert
def test_a_module_stays_in_float(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = small_networks.SIGNAL.build(5).eval()
    task = ExportTask(
        network, tmp_path, tmp_path, ECG, lambda: SIGNALS, {"scheme": "static"}, {"features.0": "asked for"}
    )
    found = registry.exporter("litert-int8").export(task)
    assert {one.name: one.bits for one in RUNTIME.layers(found.file)} == {"features.0": 32, "features.3": 8, "head": 8}
    assert "features.0: asked for" in found.float_parts and found.int8_modules == ("features.3", "head")


@pytest.mark.parametrize("name", ["litert", "litert-int8"])
def test_without_its_packages_it_is_unsupported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unsupported, match=r"edgebench\[litert\]"):
        registry.exporter(name).export(None)  # type: ignore[arg-type]
