"""A network from the user's Python file: `path/to/file.py:build`, with its card beside it."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import ModelError
from edgebench.core.expected import Expected
from edgebench.core.files import sha256
from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import FurtherInput
from edgebench.core.problems import InvalidValue, meant
from edgebench.core.recipe import Recipe
from edgebench.data.signals import ECG
from edgebench.models import card as cards
from edgebench.models.card import Card

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from edgebench.core.protocols import Architecture


@dataclass
class OwnArchitecture:
    """A network of the user's, for the records and the task that its card says, or for those that it is given."""

    name: str
    path: Path
    card: Card
    function: Callable[..., Any]
    recipe: Recipe = field(default_factory=lambda: Recipe.published(learning_rate=1e-3))
    input: InputSpec = ECG
    pretrained: str = ""
    initialise: Callable[[nn.Module], object] = lambda network: None
    features: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        """The order in which it answers its classes; empty for that of any dataset."""
        return self.card.classes

    def build(
        self, outputs: int, spec: InputSpec | None = None, task: str = "",
        further: Mapping[str, InputSpec] | None = None,
    ) -> nn.Module:  # fmt: skip
        """Return the untrained network; raises ModelError where its card is not for such records.

        `further` are the inputs of the records that it takes after the first.
        """
        from edgebench.models.external.own_network import OwnNetwork, OwnNetworkOfSeveral

        where = self.path.with_suffix(".toml")
        if self.card.classes and outputs != len(self.card.classes):
            raise ModelError(f"{where}: {len(self.card.classes)} classes, but {outputs} were requested")
        taken = spec or self.input
        try:
            takes = tuple(FurtherInput(self.card.input_for(name)) for name in further or {})
            wanted = self.card.expected(Expected(taken, task=task))
            feed = self.card.io_adapter(wanted, answer=self.card.output, further=takes)
        except InvalidValue as error:
            raise ModelError(f"{where}: {error}") from None
        kind = OwnNetworkOfSeveral if takes else OwnNetwork
        return kind(_call(self.function, outputs, self.name), feed, taken)

    def further(self, outputs: int, wanted: Expected) -> dict[str, InputSpec]:
        """The further inputs of the records that the network takes: those that its card or its own names say.

        Raises ModelError where the records lack one that the card names.
        """
        if not wanted.further:
            self._require_inputs(wanted)
            return {}
        forward = _call(self.function, outputs, self.name).forward
        own = list(inspect.signature(forward).parameters)[1:]
        self._require_inputs(wanted)
        return {name: spec for name, spec in wanted.further.items() if self.card.input_for(name) in own}

    def _require_inputs(self, wanted: Expected) -> None:
        for name, source in self.card.inputs.items():
            if source not in wanted.further:
                has = ", ".join(wanted.further) or "none"
                raise ModelError(
                    f"{self.path.with_suffix('.toml')}: inputs.{name}: {wanted.label} has no input '{source}' after "
                    f"the first; there is {has}"
                )

    def fit_input(self, network: nn.Module, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Set the normalisation that the card asks for to that of the training records."""
        from edgebench.models.layers import fit_standardise

        fit_standardise(network, mean, std)


TRUSTED = "EDGEBENCH_TRUSTED_CODE"
"""Environment variable: absolute paths of Python files that may be run, separated as in PATH."""


def source(spec: str) -> Architecture:
    """A network from a Python file: path/to/file.py:build.

    Runs the file, which may import modules beside it. Raises ModelError.
    """
    path, function = split(spec)
    require_trust(path)
    card = cards.read(path, ModelError, tuned=True, task="")
    if card.input.dtype not in (None, "float32") or card.input.name:
        raise ModelError(
            f"{path.with_suffix('.toml')}: dtype and name under [input] are for .onnx and TorchScript files"
        )
    return OwnArchitecture(spec, path, card, _function(path, function))


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
    card = path.with_suffix(".toml")
    return {"source_sha256": sha256(path), "card_sha256": sha256(card) if card.is_file() else "none"}


def prefix(spec: str) -> str:
    """What the paths of modules have before those of the user's network, which is wrapped; empty for others."""
    return "network." if ".py:" in spec else ""


def trust(spec: str) -> None:
    """Allow this process and its children to run the Python file of a spec that the user named."""
    known = os.environ.get(TRUSTED, "").split(os.pathsep)
    os.environ[TRUSTED] = os.pathsep.join(dict.fromkeys([*filter(None, known), str(split(spec)[0].resolve())]))


def require_trust(path: Path, otherwise: str = "") -> None:
    """Refuse a file that the user has not named: an imported manifest may name any file.

    `otherwise` is another way out, for the error.
    """
    if str(path.resolve()) not in os.environ.get(TRUSTED, "").split(os.pathsep):
        raise ModelError(
            f"{path}: is Python code that a manifest asks for; if you trust it, allow it: "
            f"{TRUSTED}={path.resolve()}{otherwise}"
        )


def _function(path: Path, name: str) -> Callable[..., Any]:
    module = _module(path)
    found = getattr(module, name, None)
    if not callable(found):
        near = meant(name, [one for one, what in vars(module).items() if callable(what)])
        raise ModelError("; ".join(filter(None, [f"{path}: has no function '{name}'", near])))
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
