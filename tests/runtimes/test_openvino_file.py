"""What files of OpenVINO say about themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("nncf")

from openvino_files import made

from edgebench.core import formats
from edgebench.core.errors import ArtifactError, WrongFormat
from edgebench.runtimes import openvino_file


@pytest.mark.parametrize(("spec", "precision"), [("openvino", "fp32"), ("openvino-int8", "int8")])
def test_inputs_outputs_and_precision(spec: str, precision: str) -> None:
    found = openvino_file.facts(made(spec).path)
    assert found.precision == precision and found.inputs and found.outputs
    assert (found.inputs[0].name, found.inputs[0].shape) == ("signals", (1, 12, 1000))
    assert found.inputs[0].type == "tensor(float)" and found.outputs[0].shape == (1, 5)


def test_a_free_batch_has_no_size() -> None:
    found = openvino_file.facts(made("openvino:any-batch").path)
    assert found.inputs and found.inputs[0].shape == (None, 12, 1000)


def test_a_file_without_its_weights_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = Path(shutil.copy(made("openvino").path, tmp_path / "net.xml"))
    assert formats.of_file(path) == "openvino" and openvino_file.is_network(path)
    with pytest.raises(ArtifactError, match=r"net\.bin"):
        openvino_file.check(path)
    path.with_suffix(".bin").write_bytes(b"")
    openvino_file.check(path)
    path.write_text("<?xml version='1.0'?><config/>")
    with pytest.raises(WrongFormat):
        openvino_file.check(path)
