"""A small network compiled by AOTInductor, fp32 and int8."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import aotinductor_files
import numpy as np
import pytest
import torch
from openvino_files import SIGNALS, Made, expected, made

from edgebench.core import registry
from edgebench.core.errors import Unsupported
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ECG
from edgebench.pipeline import read_plan
from edgebench.runtimes.aotinductor import RUNTIME, instruction_sets

torchao = pytest.mark.skipif(not importlib.util.find_spec("torchao"), reason="edgebench[aotinductor] is not installed")


def predicted(found: Made) -> np.ndarray:
    session = RUNTIME.load(found.path, found.artifact, "cpu")
    return np.concatenate([session.predict(SIGNALS[i : i + 1]) for i in range(len(SIGNALS))])


@pytest.mark.slow
@aotinductor_files.compiler
def test_fp32_is_the_network_and_says_nothing_of_the_machine(compiled: Made) -> None:
    path = compiled.path
    assert path.name == "model.pt2" and compiled.artifact.batch == 1
    assert instruction_sets(path) == ["AVX2"]
    np.testing.assert_allclose(predicted(compiled), expected(), atol=1e-5)
    content = b"".join(zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist())
    assert str(Path(torch.__file__).parent).encode() not in content
    assert str(path.parent.parent).encode() not in content


@pytest.mark.slow
@torchao
@aotinductor_files.compiler
def test_int8_is_close() -> None:
    found = made("aotinductor-int8:minmax")
    assert 0 < np.abs(predicted(found) - expected()).max() < 0.1
    assert set(found.exported.int8_modules or ()) == {"features.0", "features.3", "head"}
    assert found.exported.calibration_method == "minmax" and not found.exported.float_parts


@pytest.mark.parametrize("name", ["aotinductor", "aotinductor-int8"])
def test_without_a_compiler_it_says_how_to_get_one(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if name.endswith("int8") and not importlib.util.find_spec("torchao"):
        pytest.skip("edgebench[aotinductor] is not installed")
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(Unsupported, match=r"g\+\+"):
        registry.exporter(name).export(ExportTask(None, tmp_path, tmp_path, ECG, lambda: SIGNALS))  # type: ignore[arg-type]


def test_a_run_compiles_only_where_it_is_named() -> None:
    assert not {"aotinductor", "aotinductor-int8"} & set(read_plan.load(None, {}).build.exporters)
    assert read_plan.load(None, {"exporters": ["aotinductor"]}).build.exporters == ("aotinductor",)
