"""Trained models on disk: weights in safetensors, and a manifest with everything that is needed to use them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from edgebench.core import registry
from edgebench.core.contracts import InputContract
from edgebench.core.errors import ModelError
from edgebench.core.files import replacing, safe_name, sha256, write_text
from edgebench.core.serialization import first_problem
from edgebench.core.validation import meant
from edgebench.models import structure
from edgebench.models.external import own

if TYPE_CHECKING:
    from torch import nn

QAT_PREFIX = "network."
"""Prefix of the weights' names of a network from a quantization-aware training."""
SHIPPED = Path(__file__).parent / "weights"


class Scores(pydantic.BaseModel):
    """The scores of a model on one fold, at its own thresholds."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    records: int
    macro_auc: float
    macro_f1: float
    f1_per_class: tuple[float, ...]


class ModelManifest(pydantic.BaseModel):
    """The facts of a trained model."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str = pydantic.Field(pattern=r"^\w[\w.-]{0,127}$")
    """Also the name of its files."""
    architecture: str
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    input: InputContract
    parameters: int
    weights: str
    weights_sha256: str
    license: str
    training: dict[str, Any]
    """Provenance: dataset, folds, recipe, epochs, packages, machine."""
    scores: dict[str, Scores]
    """By fold: `fold9`, on which the thresholds were chosen, and `fold10`."""
    variant: str = "none"
    """The compression that made this model."""
    compressed_from: str = ""
    """SHA-256 of the weights of the model before compression."""
    structure: dict[str, dict[str, int | list[int]]] = {}
    """Sizes of a pruned network's modules that differ from its architecture's; see `edgebench.models.structure`."""
    before: dict[str, float] = {}
    """`parameters`, `macs` and `sparsity` of the network before compression."""
    quantization: dict[str, Any] = {}
    """Settings of a quantization-aware training; see `edgebench.quantization.qat`."""

    @pydantic.model_validator(mode="after")
    def _one_threshold_a_class(self) -> ModelManifest:
        if len(self.thresholds) != len(self.classes):
            raise ValueError(f"{len(self.thresholds)} thresholds for {len(self.classes)} classes")
        return self


@dataclass(frozen=True)
class TrainedModel:
    """A manifest, and the path of its weights."""

    manifest: ModelManifest
    weights: Path


def shipped() -> list[str]:
    """Names of the trained models in the package."""
    return sorted(p.stem for p in SHIPPED.glob("*.json"))


def stem(architecture: str) -> str:
    """The name of an architecture's trained model and of its files: `timm_resnet10t`, `net` for net.py:build."""
    return safe_name(Path(architecture.rpartition(":")[0]).stem if ".py:" in architecture else architecture)


def find(name: str) -> TrainedModel:
    """The trained model with a name in the package or at the path of a manifest; checks the SHA-256 of its weights.

    Raises ModelError where there is none, or it is damaged.
    """
    path = Path(name) if name.endswith(".json") else SHIPPED / f"{name}.json"
    if not path.is_file():
        raise ModelError(_unknown(name))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # not JSON, or not even text
        raise ModelError(f"{path}: not the manifest of a model: not JSON") from None
    if not isinstance(data, dict) or not {"architecture", "weights"} & set(data):
        raise ModelError(f"{path}: not the manifest of a model; edgebench train writes one")
    try:
        manifest = ModelManifest.model_validate(data)
    except pydantic.ValidationError as error:
        raise ModelError(f"{path}: {first_problem(error, ModelManifest)}") from None
    weights = path.parent / manifest.weights
    if weights.parent != path.parent or not weights.is_file():
        raise ModelError(f"{path}: its weights '{manifest.weights}' are not beside it")
    if sha256(weights) != manifest.weights_sha256:
        raise ModelError(f"{weights}: its SHA-256 is not the manifest's; it is damaged or was replaced")
    return TrainedModel(manifest, weights)


def _unknown(name: str) -> str:
    """The message for a name that no model has, with a hint that fits the name."""
    if name.endswith(".py"):
        return f"{name}: name the function in it that gives the network, and its weights: --model {name}:FUNCTION"
    if name.endswith((".onnx", ".pt", ".pth", ".ts")):
        return f"{name}: not a model to export; measure the file as it is: edgebench run --artifact {name}"
    if name.endswith(".json"):
        return f"{name}: no such manifest of a model"
    trainable = name in registry.names("models") or name.partition(":")[0] in registry.names("model_sources")
    hint = f"train it: edgebench train {name}" if trainable else meant(name, shipped())
    known = f"known: {', '.join(shipped())}, or a path to a manifest"
    return f"no trained model '{name}'; {known}{hint and f'; {hint}'}"


def network(model: TrainedModel) -> nn.Module:
    """Build the network and load its weights, in eval mode. Raises ModelError where they do not fit."""
    from safetensors.torch import load_file

    for field, current in own.hashes(model.manifest.architecture).items():
        if model.manifest.training.get(field) != current:
            file = "code" if field == "source_sha256" else "TOML file"
            raise ModelError(f"{model.manifest.architecture}: its {file} changed after this model was made from it")
    module = registry.architecture(model.manifest.architecture).build(len(model.manifest.classes))
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
    complete = ModelManifest(**manifest, weights=weights.name, weights_sha256=sha256(weights))
    path = folder / f"{manifest['name']}.json"
    write_text(path, json.dumps(complete.model_dump(mode="json"), indent=2) + "\n")
    return path


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].strip()
