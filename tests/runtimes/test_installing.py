from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from edgebench.remote.bundles import wheel
from edgebench.runtimes import installing

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def test_the_ranges_are_those_of_the_project() -> None:
    extras = PROJECT["optional-dependencies"]
    known = [Requirement(text) for text in (*extras["onnx"], *extras["torch"], *PROJECT["dependencies"])]
    ranges = {r.name: r.specifier for r in known}
    for name, text in installing.RANGES.items():
        assert Requirement(name + text).specifier == ranges[name]
    for text in wheel.BASE:
        assert Requirement(text).specifier == ranges[Requirement(text).name]
    light = installing.LIGHT_TORCH["aarch64"].removeprefix("==")
    assert Version(light) in ranges["torch"]


@pytest.mark.parametrize(
    ("form", "machine", "line"),
    [
        ("onnx", "x86_64", "pip install 'onnxruntime>=1.20,<2'"),
        ("onnx", "aarch64", "pip install 'onnxruntime>=1.20,<2'"),
        ("torchscript", "aarch64", "pip install torch==2.10.0"),
        ("torchscript", "x86_64", "pip install 'torch>=2.10,<2.16'"),
        ("onnx", "armv7l", "there are no wheels for armv7l; use a 64-bit system"),
    ],
)
def test_the_line_is_that_of_the_architecture(form: str, machine: str, line: str) -> None:
    assert installing.line(form, machine) == line
