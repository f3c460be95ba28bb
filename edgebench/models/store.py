"""Trained models on disk: weights in safetensors, and a manifest with everything that is needed to use them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core import formats, json_file, registry
from edgebench.core.errors import ModelError
from edgebench.core.files import replacing, safe_name, sha256, sha256_of, write_text
from edgebench.core.inputs import InputSpec
from edgebench.core.problems import InvalidValue, Problem, meant, not_a_name
from edgebench.core.serialization import plain, to_dict, to_json
from edgebench.core.validation import validated
from edgebench.data import earlier_input
from edgebench.models import building, shipped_weights, structure
from edgebench.models.external import own
from edgebench.tasks import earlier

if TYPE_CHECKING:
    from torch import nn

NAME = re.compile(r"\w[\w.-]{0,127}")
QAT_PREFIX = "network."
"""Prefix of the weights' names of a network from a quantization-aware training."""
SHIPPED = shipped_weights.MANIFESTS
UNTRAINED = "untrained"
"""In a manifest's `training`: its weights are random."""


@dataclass(frozen=True)
class SplitScores:
    """The scores of a model on the records of one split, at its own thresholds."""

    records: int
    metrics: dict[str, float]
    """The task's metrics by name, without those that are undefined on these records."""
    by_class: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Further numbers, such as `f1_by_class`, in the order of the classes."""


@dataclass(frozen=True)
class ModelManifest:
    """The facts of a trained model."""

    name: str
    """Also the name of files."""
    architecture: str
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    input: InputSpec
    parameters: int
    weights: str
    """Name of the file beside the manifest."""
    weights_sha256: str
    license: str
    training: dict[str, Any]
    """Provenance: dataset, folds, recipe, epochs, packages, machine."""
    scores: dict[str, SplitScores]
    """By fold: `fold9` (thresholds were chosen on it) and `fold10`."""
    further: dict[str, InputSpec] = field(default_factory=dict)
    """The inputs that it takes after the first, by their names in the dataset."""
    task: str = field(kw_only=True)
    unit: str = ""
    """Unit of the targets of a regression."""
    variant: str = "none"
    """The compression that made this model."""
    compressed_from: str = ""
    """SHA-256 of the weights of the model that was compressed."""
    structure: dict[str, dict[str, int | list[int]]] = field(default_factory=dict)
    """How a pruned network's modules differ from its architecture's; see `edgebench.models.structure`."""
    before: dict[str, float] = field(default_factory=dict)
    """`parameters`, `macs` and `sparsity` of the network that was compressed."""
    quantization: dict[str, Any] = field(default_factory=dict)
    """The int8 scheme of a network that was trained with it; see `edgebench.quantization.qat`."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for a name that is no file's, or where thresholds and classes differ in number."""
        if not NAME.fullmatch(self.name):
            raise InvalidValue(not_a_name("name", self.name))
        if self.task == "multilabel" and len(self.thresholds) != len(self.classes):
            words = f"{len(self.thresholds)} thresholds for {len(self.classes)} classes"
            raise InvalidValue(Problem("", words))

    @property
    def untrained(self) -> bool:
        """Whether its weights are random: `edgebench.artifacts.untrained` made it."""
        return bool(self.training.get(UNTRAINED))

    @property
    def trained_on(self) -> str:
        """The label of the dataset that it was trained on; empty where unknown."""
        return str(self.training.get("dataset", ""))

    @property
    def is_synthetic(self) -> bool:
        """Whether it learned from made-up records, so that its scores say nothing of real ones."""
        return "synthetic" in self.trained_on.lower()

    def identity(self) -> str:
        """Hash of the manifest, which has that of the weights: a resumed run compares it."""
        return sha256_of(json.dumps(to_dict(self), separators=(",", ":"), ensure_ascii=False))


@dataclass(frozen=True)
class TrainedModel:
    """A manifest, and the path of its weights."""

    manifest: ModelManifest
    weights: Path


def shipped(task: str = "") -> list[str]:
    """Names of the trained models that EdgeBench ships, for one task or all; weights may have to be installed."""
    names = sorted(p.stem for p in SHIPPED.glob("*.json"))
    return [name for name in names if described(name).task == task] if task else names


def stem(architecture: str) -> str:
    """The name of an architecture's trained model and of its files: `timm_resnet10t`, `net` for net.py:build."""
    return safe_name(Path(architecture.rpartition(":")[0]).stem if ".py:" in architecture else architecture)


def find(name: str) -> TrainedModel:
    """The shipped model of a name, or that of a path to a manifest; the SHA-256 of its weights is checked.

    Raises ModelError, also where the weights of a shipped model are not installed.
    """
    path = _path(name)
    manifest = described(name)
    weights = _weights(path, manifest)
    if sha256(weights) != manifest.weights_sha256:
        other = f", or of another version: {shipped_weights.INSTALL}" if weights.parent != path.parent else ""
        raise ModelError(f"{weights}: its SHA-256 is not the manifest's; it is damaged or was replaced{other}")
    return TrainedModel(manifest, weights)


def described(name: str) -> ModelManifest:
    """The manifest of a shipped model, or the one at a path; its weights may be missing. Raises ModelError."""
    path = _path(name)
    if not path.exists():
        raise ModelError(_unknown(name))
    try:
        data = json_file.read(path)
    except ValueError as error:
        raise ModelError(f"{path}: not the manifest of a model: {error}") from None
    if not isinstance(data, dict) or not {"architecture", "weights"} & set(data):
        raise ModelError(f"{path}: not the manifest of a model; edgebench train writes one")
    return read_manifest(data, str(path))


def read_manifest(data: Any, where: str) -> ModelManifest:
    """A manifest from its JSON, of an earlier version too; `where` names it in errors. Raises ModelError."""
    return validated(ModelManifest, earlier_input.described(earlier.manifest(data)), where, ModelError)


def _path(name: str) -> Path:
    return Path(name) if name.endswith(".json") else SHIPPED / f"{name}.json"


def _weights(path: Path, manifest: ModelManifest) -> Path:
    """The file of weights that belongs to the manifest at `path`; its hash is not checked. Raises ModelError."""
    if path.parent.resolve() == SHIPPED:
        if found := shipped_weights.find(manifest.weights):
            return found
        raise ModelError(f"{manifest.name}: its weights are not installed; {shipped_weights.INSTALL}")
    weights = path.parent / manifest.weights
    if weights.parent != path.parent or not weights.is_file():
        raise ModelError(f"{path}: its weights '{manifest.weights}' are not beside it")
    return weights


def _unknown(name: str) -> str:
    """The message for a name that no model has, with a hint that fits the name."""
    if name.endswith(".py"):
        return f"{name}: name the function in it that gives the network: {name}:FUNCTION"
    if name.endswith(formats.suffixes()):
        return f"{name}: not a model to export; measure the file as it is: edgebench run --artifact {name}"
    if name.endswith(".json"):
        return f"{name}: no such manifest of a model"
    trainable = name in registry.names("models") or name.partition(":")[0] in registry.names("model_sources")
    alike = [one for one in shipped() if described(one).architecture == name]
    there = f", or take {' or '.join(alike)}" if alike else ""
    hint = f"train it: edgebench train {name}{there}" if trainable else meant(name, shipped())
    known = f"known: {', '.join(shipped())}, or a path to a manifest"
    return f"no trained model '{name}'; {known}{hint and f'; {hint}'}"


def network(model: TrainedModel) -> nn.Module:
    """Build the network and load its weights, in eval mode. Raises ModelError where they do not fit."""
    from safetensors.torch import load_file

    for what, current in own.hashes(model.manifest.architecture).items():
        if model.manifest.training.get(what) != current:
            file = "code" if what == "source_sha256" else "TOML file"
            raise ModelError(f"{model.manifest.architecture}: its {file} changed after this model was made from it")
    architecture = registry.architecture(model.manifest.architecture)
    made = model.manifest
    module = building.build(architecture, len(made.classes), made.input, made.task, made.further)
    # The file may store weights in half precision; the network is float32.
    state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(model.weights).items()}
    try:
        if model.manifest.structure:
            prefix = QAT_PREFIX if model.manifest.quantization else ""
            structure.apply(module, model.manifest.structure, {k.removeprefix(prefix): v for k, v in state.items()})
        if model.manifest.quantization:
            from edgebench.quantization import qat

            module = qat.restore(module, model.manifest.quantization, model.manifest.input.shape)
        module.load_state_dict(state)
    except (RuntimeError, ModelError) as error:
        raise ModelError(f"{model.weights}: does not fit {model.manifest.architecture}: {_last_line(error)}") from None
    return module.eval()


def halved(module: nn.Module) -> nn.Module:
    """Round the parameters to half precision, so that a file in half precision stores them exactly.

    Buffers stay unchanged: a small running variance would become zero.
    """
    for parameter in module.parameters():
        parameter.data = parameter.data.half().float()
    return module


def save(module: nn.Module, folder: Path, manifest: dict[str, Any], half: bool = False) -> Path:
    """Write the weights and the manifest; returns the path of the manifest.

    `manifest` has all fields but the name and the hash of the weights' file. `half` stores the parameters, which
    `halved` has rounded, in half precision.
    """
    from safetensors.torch import save_file

    weights = folder / f"{manifest['name']}.safetensors"
    with replacing(weights) as part:
        parameters = {name for name, _ in module.named_parameters()} if half else set()
        state = module.state_dict().items()
        # Copies: safetensors refuses tensors that share memory (tied weights).
        save_file({k: (v.half() if k in parameters else v.clone()).contiguous() for k, v in state}, part)
    fields = {**manifest, "weights": weights.name, "weights_sha256": sha256(weights)}
    whole = validated(ModelManifest, plain(fields), str(weights), ModelError)
    path = folder / f"{manifest['name']}.json"
    write_text(path, to_json(whole, indent=2) + "\n")
    return path


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].strip()
