"""Files timed side by side in a real process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openvino_files import made

from edgebench.core import registry
from edgebench.core.errors import Unsupported
from edgebench.measuring import side_by_side


def test_the_same_file_takes_as_long_and_what_cannot_be_loaded_is_unsupported(tmp_path: Path) -> None:
    found = made("onnx")
    record = tmp_path / "record.npy"
    np.save(record, np.zeros((1, *found.artifact.input.shape), np.float32))
    place = registry.place("runtimes", "onnx")
    first, second = side_by_side.latencies(found.artifact, [found.path, found.path], [record], place, 1, 0.2)
    assert 0 < first < 4 * second < 16 * first
    (tmp_path / "broken.onnx").write_bytes(b"no file of it")
    with pytest.raises(Unsupported, match="could not be timed"):
        side_by_side.latencies(found.artifact, [tmp_path / "broken.onnx"], [record], place, 1, 0.1)
