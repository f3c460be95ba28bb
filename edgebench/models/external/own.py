"""A network from the user's Python file: `path/to/file.py:build`, with its card beside it."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import ModelError
from edgebench.core.files import sha256
from edgebench.core.recipe import Recipe
from edgebench.models import card as cards

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.protocols import Architecture


TRUSTED = "EDGEBENCH_TRUSTED_CODE"
"""Environment variable: absolute paths of Python files that may be run, separated as in PATH."""


def source(spec: str) -> Architecture:
    """A network from a Python file: path/to/file.py:build.

    Runs the file, which may import modules beside it. Raises ModelError.
    """
    from edgebench.models.external.own_network import OwnNetwork
    from edgebench.models.signal import SignalArchitecture

    path, function = split(spec)
    _require_trust(path)
    card = cards.read(path, ModelError, tuned=True)
    if card.input.dtype not in (None, "float32") or card.input.name:
        raise ModelError(
            f"{path.with_suffix('.toml')}: dtype and name under [input] are for .onnx and TorchScript files"
        )
    build = _function(path, function)

    def make(leads: int, classes: int) -> nn.Module:
        if classes != len(card.classes):
            raise ModelError(f"{path.with_suffix('.toml')}: {len(card.classes)} classes, but {classes} were requested")
        return OwnNetwork(_call(build, classes, spec), card)

    return SignalArchitecture(
        spec, Recipe.published(learning_rate=1e-3), make, classes=card.classes, any_input=card.as_it_is
    )


def split(spec: str) -> tuple[Path, str]:
    """The file and the name of its function; raises ModelError where the file does not exist."""
    file, _, function = spec.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise ModelError(f"{file}: no such file; a network is named path/to/file.py:FUNCTION")
    return path, function


def absolute(spec: str) -> str:
    """The spec with the absolute path of its file; the name of another architecture unchanged."""
    if ".py:" not in spec:
        return spec
    path, function = split(spec)
    return f"{path.resolve()}:{function}"


def hashes(spec: str) -> dict[str, str]:
    """SHA-256 of the Python file and of its card; empty for another architecture."""
    if ".py:" not in spec:
        return {}
    path, _ = split(spec)
    return {"source_sha256": sha256(path), "card_sha256": sha256(path.with_suffix(".toml"))}


def trust(spec: str) -> None:
    """Allow this process and its children to run the Python file of a spec that the user named."""
    known = os.environ.get(TRUSTED, "").split(os.pathsep)
    os.environ[TRUSTED] = os.pathsep.join(dict.fromkeys([*filter(None, known), str(split(spec)[0].resolve())]))


def _require_trust(path: Path) -> None:
    """Refuse a file that the user has not named: an imported manifest may name any file."""
    if str(path.resolve()) not in os.environ.get(TRUSTED, "").split(os.pathsep):
        raise ModelError(
            f"{path}: is Python code that a manifest asks for; if you trust it, allow it: {TRUSTED}={path.resolve()}"
        )


def _function(path: Path, name: str) -> Callable[..., Any]:
    found = getattr(_module(path), name, None)
    if not callable(found):
        raise ModelError(f"{path}: has no function '{name}'")
    return found  # type: ignore[no-any-return]


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_edgebench_own_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:  # and it stays there: `build` may import modules beside the file, too
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        raise ModelError(f"{path}: {type(error).__name__}: {error}") from None
    return module


def _call(build: Callable[..., Any], classes: int, spec: str) -> nn.Module:
    """Call the function, with the number of classes if it takes an argument."""
    from torch import nn

    try:
        network = build(classes) if inspect.signature(build).parameters else build()
    except (Exception, SystemExit) as error:
        raise ModelError(f"{spec}: {type(error).__name__}: {error}") from None
    if not isinstance(network, nn.Module):
        raise ModelError(f"{spec}: returns {type(network).__name__}, not a torch.nn.Module")
    return network
