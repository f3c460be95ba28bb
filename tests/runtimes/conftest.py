"""Files that the tests of several runtimes take."""

from __future__ import annotations

from pathlib import Path

import pytest
from openvino_files import SIGNALS, made
from small_onnx import CARD


@pytest.fixture(scope="session")
def integers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes and answers int8, with its card."""
    from ai_edge_quantizer import quantizer, recipe

    name = "serving_default"
    work = quantizer.Quantizer(str(made("litert").path), recipe.static_wi8_ai8())
    ranges = work.calibrate({name: [{"args_0": SIGNALS[i : i + 1]} for i in range(len(SIGNALS))]})
    path = tmp_path_factory.mktemp("integers") / "net.tflite"
    path.write_bytes(work.quantize(ranges).quantized_model)
    path.with_suffix(".toml").write_text(CARD)
    return path
