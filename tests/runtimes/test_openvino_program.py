"""The program of OpenVINO's artifacts predicts as the measured runtime did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("nncf")

from openvino_files import SIGNALS, expected, made
from programs import answer_of

from edgebench.core.io_adapter import Constant, IOAdapter
from edgebench.runtimes import openvino_program


@pytest.mark.parametrize("spec", ["openvino", "onnx:openvino"])
def test_it_predicts_alike(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(spec)
    answer = answer_of(found.artifact, found.path.parent, monkeypatch, SIGNALS[:1])
    np.testing.assert_allclose(answer, expected()[:1], atol=1e-5)


def test_a_users_file_gets_its_constants_by_name() -> None:
    feed = IOAdapter(signal="x", answer="y", constants=(Constant("age", (3,), (), "int64"),))
    lines = openvino_program.program(replace(made("openvino").artifact, feed=feed), {"NUM_STREAMS": 1})
    assert any(line.startswith('inputs["age"]') for line in lines.predict)
    assert lines.predict[-1] == 'answer = compiled(inputs)["y"]'
