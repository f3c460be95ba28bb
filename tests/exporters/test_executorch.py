"""A small network as ExecuTorch programs, fp32 and int8."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from openvino_files import SIGNALS, expected, made

from edgebench.runtimes.executorch import RUNTIME

executorch = pytest.mark.skipif(
    not importlib.util.find_spec("executorch"), reason="edgebench[executorch] is not installed"
)


def predicted(spec: str) -> np.ndarray:
    found = made(spec)
    RUNTIME.start(1, "")
    session = RUNTIME.load(found.path, found.artifact, "cpu")
    return np.concatenate([session.predict(SIGNALS[i : i + 1]) for i in range(len(SIGNALS))])


@executorch
def test_fp32_is_the_network_one_record_at_a_time() -> None:
    found = made("executorch")
    assert found.path.name == "model.pte" and found.artifact.batch == 1
    np.testing.assert_allclose(predicted("executorch"), expected(), atol=1e-5)
    delegated = found.exported.delegated
    assert delegated is not None and 0.5 < delegated <= 1
    assert bool(found.exported.notes) == (delegated < 1), "what XNNPACK does not take is named"


@executorch
@pytest.mark.parametrize("spec", ["executorch-int8", "executorch-int8:minmax,products-only"])
def test_int8_is_small_and_close(spec: str) -> None:
    found = made(spec)
    assert 0 < np.abs(predicted(spec) - expected()).max() < 0.1
    assert set(found.exported.int8_modules or ()) == {"features.0", "features.3", "head"}
    assert found.exported.calibration_method in spec or spec == "executorch-int8"
    assert found.artifact.file_size_bytes < made("executorch").artifact.file_size_bytes
