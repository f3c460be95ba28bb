"""What files of LiteRT say of themselves."""

from __future__ import annotations

import importlib.util

import pytest
from openvino_files import made

from edgebench.runtimes import litert_file

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("litert_torch"), reason="edgebench[litert] is not installed"
)


@pytest.mark.parametrize(("spec", "precision"), [("litert", "fp32"), ("litert-int8", "int8-dynamic")])
def test_what_a_file_says_of_itself(spec: str, precision: str) -> None:
    found = litert_file.facts(made(spec).path)
    assert found.precision == precision and found.inputs and found.outputs
    assert found.inputs[0].shape == (1, 12, 1000) and found.outputs[0].shape == (1, 5)
