"""The command that installs packages on a device, and why there may be none."""

from __future__ import annotations

import importlib.util
import platform
import re
import shlex
from collections.abc import Sequence

WHEELS = ("x86_64", "aarch64")
"""Architectures that the packages of EdgeBench's own runtimes have wheels for."""


def architecture() -> str:
    """x86_64 or aarch64; the system may use other names for them."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def distribution(requirement: str) -> str:
    """The name in a requirement of pip's, such as `onnxruntime` of `onnxruntime>=1.20,<2`."""
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return found[0] if found else requirement


def no_wheels(distribution: str, machine: str, there: Sequence[str] = WHEELS) -> str:
    """Why a package with wheels for the architectures `there` cannot be installed on another; empty where it can."""
    return f"there are no wheels of {distribution} for {machine}" if machine and machine not in there else ""


def line(requirements: Sequence[str]) -> str:
    """The command that installs these packages."""
    return "pip install " + " ".join(map(shlex.quote, requirements))


def missing(modules: Sequence[str], requirements: Sequence[str], impossible: str = "") -> str:
    """Why a module cannot be imported here, without importing it: the first that is not installed; empty for none."""
    absent = next((name for name in modules if importlib.util.find_spec(name) is None), "")
    return absent and not_installed(absent, requirements, impossible)


def not_installed(module: str, requirements: Sequence[str], impossible: str = "") -> str:
    """That a module is missing, with the command that installs it, or why none does."""
    return f"{module} is not installed: {impossible or line(requirements)}"
