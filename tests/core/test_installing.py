"""What pip installs for each format."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from edgebench.core import formats, installing
from edgebench.remote.bundles import wheel
from edgebench.runtimes.torch_session import LIGHT

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def test_the_ranges_are_those_of_the_project() -> None:
    extras, always = PROJECT["optional-dependencies"], map(Requirement, PROJECT["dependencies"])
    assert set(formats.extras()) >= {"onnx", "torch"}
    base = {r.name: r.specifier for r in always}
    for extra, forms in formats.extras().items():
        ranges = base | {r.name: r.specifier for r in map(Requirement, extras[extra])}
        for needed in (one for form in forms for one in formats.requirements(form, "x86_64")):
            assert Requirement(needed).specifier == ranges[Requirement(needed).name]
    for text in wheel.BASE:
        assert Requirement(text).specifier == base[Requirement(text).name]
    (torch,) = (r.specifier for r in map(Requirement, extras["torch"]) if r.name == "torch")
    assert Version(LIGHT["aarch64"].removeprefix("==")) in torch


@pytest.mark.parametrize(
    ("form", "machine", "line"),
    [
        ("onnx", "x86_64", "pip install 'onnxruntime>=1.20,<2'"),
        ("onnx", "aarch64", "pip install 'onnxruntime>=1.20,<2'"),
        ("torchscript", "aarch64", "pip install torch==2.10.0"),
        ("torchscript", "x86_64", "pip install 'torch>=2.10,<2.16'"),
    ],
)
def test_the_line_is_that_of_the_architecture(form: str, machine: str, line: str) -> None:
    assert installing.line(formats.requirements(form, machine)) == line
    assert not formats.unsupported(form, "cpu", "", machine)


def test_a_machine_without_wheels_gets_no_command() -> None:
    impossible = installing.no_wheels("torch", "armv7l")
    assert "armv7l" in impossible
    assert "pip" not in installing.not_installed("torch", ("torch",), impossible)


@pytest.mark.parametrize("text", ["onnxruntime>=1.20,<2", "onnxruntime", "onnxruntime ; python_version > '3'"])
def test_the_name_in_a_requirement(text: str) -> None:
    assert installing.distribution(text) == "onnxruntime"
