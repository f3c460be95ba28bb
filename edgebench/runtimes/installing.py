"""The packages that each format needs on a device, and how to install them."""

from __future__ import annotations

import importlib.util
import platform
import shlex

RANGES = {"onnxruntime": ">=1.20,<2", "torch": ">=2.10,<2.16", "safetensors": ">=0.4"}
"""As in pyproject.toml."""
NEEDS = {"onnx": ("onnxruntime",), "torchscript": ("torch",), "eager": ("torch", "safetensors")}
"""Distributions by format; a network in eager mode may need those of its architecture too."""
LIGHT_TORCH = {"aarch64": "==2.10.0"}
"""The last torch whose wheel for that architecture comes without CUDA's packages (later ones are gigabytes)."""
WHEELS = ("x86_64", "aarch64")
"""Architectures that those distributions have wheels for."""


def architecture() -> str:
    """x86_64 or aarch64; the system may use other names for them."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def requirements(form: str, machine: str) -> tuple[str, ...]:
    """The packages that pip installs for a format on an architecture; nothing for a format that is not EdgeBench's."""
    found = []
    for name in NEEDS.get(form, ()):
        found.append(name + (LIGHT_TORCH.get(machine, RANGES[name]) if name == "torch" else RANGES[name]))
    return tuple(found)


def line(form: str, machine: str = "") -> str:
    """The command that installs the packages of a format, on this architecture or another."""
    machine = machine or architecture()
    if machine not in WHEELS:
        return f"there are no wheels for {machine}; use a 64-bit system"
    return "pip install " + " ".join(map(shlex.quote, requirements(form, machine)))


def impossible(form: str, machine: str) -> str:
    """Why no command installs a format's packages on an architecture; empty where one does, or nobody knows."""
    if not machine or machine in WHEELS or form not in NEEDS:
        return ""
    return f"there are no wheels of {NEEDS[form][0]} for {machine}"


def missing(form: str) -> str:
    """Why a format cannot run here: the missing package and the command that installs it; empty when it can."""
    for name in NEEDS.get(form, ()):
        if importlib.util.find_spec(name) is None:
            return f"{name} is not installed: {line(form)}"
    return ""
