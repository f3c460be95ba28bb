"""Compress a trained model: prune it, fine-tune it, and write it as a model with its own weights and manifest."""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import class_order, options, registry
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import Uncounted, Unsupported
from edgebench.core.files import write_text
from edgebench.core.inputs import InputSpec
from edgebench.core.options import CHAIN
from edgebench.core.protocols import CompressTask
from edgebench.core.serialization import from_dict, to_dict
from edgebench.core.settings import FineTuning
from edgebench.data.stored import Values
from edgebench.models import building, flops, store, structure
from edgebench.tasks import names
from edgebench.training.loop import Watch, train

if TYPE_CHECKING:
    from torch import Tensor, nn

WORK = "work"
"""Folder of the checkpoints, until the compression is complete."""
REQUEST_FILE = "asked.json"
"""File in that folder which identifies the compression of the checkpoints."""
FINE_TUNING: dict[str, Any] = {
    "learning_rate": 1e-3, "batch_size": 64, "optimizer": "adamw", "schedule": "one-cycle", "progressive": (),
    "hint": 0.0,
}  # fmt: skip
"""The recipe of a fine-tuning; `FineTuning.recipe` overrides it."""
QAT_RECIPE: dict[str, Any] = {"precision": "fp32", "hint": 0.0}
"""Fixed fields of a quantization-aware training: it rounds in float32, and its features are inside a graph."""
QAT_RATE_FACTOR = 0.1
"""Factor of the learning rate of a quantization-aware training, which starts from a trained network."""
INHERITED = (
    "batch_size", "crop", "row_keep", "patch_keep", "whole_epochs", "channel_dropout", "amplitude", "mirror", "shift",
    "class_weights",
)  # fmt: skip
"""The fields of the model's own recipe that a fine-tuning uses."""


@dataclass(frozen=True)
class Records:
    """The source of a compression's records."""

    dataset: str
    directory: Path | None
    calibration: int
    """Number of calibration records."""
    skip_bad: bool = False
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    """Values of the dataset's own options."""
    task: str = ""
    """The task that the user chose instead of the dataset's own, for early stopping and scores."""


def compress(
    name: str, spec: str, folder: Path, records: Records, tuning: FineTuning, watch: Watch | None = None,
    base: str = "",
) -> Path:  # fmt: skip
    """Compress a model as `spec` says and write it into `folder`; returns the path of its manifest.

    After each step the network is fine-tuned on the training folds, if `tuning` has epochs for it. It sees the records
    as in the model's own training; its teacher is the uncompressed model, unless `tuning.recipe` names another. The
    thresholds are then chosen again on the validation fold. The same call resumes an interrupted fine-tuning after its
    last complete epoch. A compression that supports rounds takes `tuning.rounds` of them. `base` is the manifest of the
    model after the first compressions of the chain, with the same records and tuning; only the remaining ones run.
    Raises PlanError, ModelError, DataError, Unsupported.
    """
    model = store.find(name)
    manifest = model.manifest
    if manifest.quantization:
        raise Unsupported(f"{manifest.name} was trained with its int8 quantization; compress it before that")
    network = store.network(model)
    fields = to_dict(manifest) | {
        "scores": {}, "compressed_from": manifest.compressed_from or manifest.weights_sha256,
        "before": manifest.before or _facts(network, model),
    }  # fmt: skip
    done = list(manifest.training.get("compressed", []))
    remaining = spec
    if base:
        start = store.find(base)
        network, fields = store.network(start), to_dict(start.manifest)
        done = list(fields["training"]["compressed"])
        remaining = spec.removeprefix(fields["variant"] + CHAIN)
    work = _work_folder(folder / WORK, model, spec, records, tuning)
    for step in _steps(remaining, tuning.rounds):
        network = registry.variant(step).apply(network, step, _task(model, records, watch))
        done.append(step)
        training = fields["training"] | {"compressed": list(done)}
        fields |= {"variant": CHAIN.join(done), "training": training} | _structure_fields(network, fields)
        epochs = (tuning.qat_epochs or tuning.epochs) if fields["quantization"] else tuning.epochs
        if epochs:
            network, fields = _fine_tuned(network, name, fields, records, tuning.recipe, epochs, work, watch)
    folder.mkdir(parents=True, exist_ok=True)
    path = store.save(network, folder, _without_weights(fields | {"variant": spec}))
    shutil.rmtree(work, ignore_errors=True)
    return path


def _work_folder(folder: Path, model: store.TrainedModel, spec: str, records: Records, tuning: FineTuning) -> Path:
    """The folder of the checkpoints; removes those of another compression."""
    request = {"model": model.manifest.weights_sha256, "variant": spec}
    text = json.dumps(request | {"records": asdict(records), "tuning": asdict(tuning)}, default=str) + "\n"
    file = folder / REQUEST_FILE
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_text(file, text)
    return folder


def _steps(spec: str, rounds: int) -> list[str]:
    """The compressions of a chain; one that supports rounds becomes as many compressions, each with its share."""
    steps: list[str] = []
    for part in spec.split(CHAIN):
        variant = registry.variant(part)
        in_rounds = getattr(variant, "in_rounds", None)
        steps += in_rounds(part, rounds) if in_rounds and rounds > 1 else [part]
    return steps


def _structure_fields(network: nn.Module, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of the manifest from which the network can be built again."""
    if settings := getattr(network, "settings", {}):
        return {"quantization": settings}  # its modules are no longer the architecture's; earlier fields stay
    spec = from_dict(InputSpec, fields["input"])
    further = {name: from_dict(InputSpec, one) for name, one in fields["further"].items()}
    dense = building.build(
        registry.architecture(fields["architecture"]), len(fields["classes"]), spec, fields["task"], further
    )
    return {
        "structure": structure.changes(network, dense), "parameters": sum(p.numel() for p in network.parameters())
    }  # fmt: skip


def _fine_tuned(
    network: nn.Module, teacher: str, fields: dict[str, Any], records: Records, changes: dict[str, Any], epochs: int,
    work: Path, watch: Watch | None,
) -> tuple[nn.Module, dict[str, Any]]:  # fmt: skip
    """Fine-tune a compressed network in `work`; continues an interrupted fine-tuning there.

    It continues from the stored first network, too: another calibration, with other threads, could differ in the last
    bit.
    """
    tuning_folder = work / fields["variant"].replace(CHAIN, "~")
    tuning_folder.mkdir(parents=True, exist_ok=True)
    start = tuning_folder / f"{fields['name']}.json"
    if not start.is_file():
        store.save(network, tuning_folder, _without_weights(fields))
    own = names.recipe(fields["training"].get("recipe", {}))
    recipe = {
        **FINE_TUNING, **{k: v for k, v in own.items() if k in INHERITED},
        "teacher": teacher, "seed": records.seed,
        "keep_zeros": any(map(options.zeroes, fields["training"]["compressed"])),
        **changes, "epochs": epochs, "start": str(start),
    }  # fmt: skip
    if fields["quantization"]:
        recipe |= QAT_RECIPE | {"learning_rate": recipe["learning_rate"] * QAT_RATE_FACTOR}
    manifest = train(
        fields["architecture"], records.dataset, records.directory, tuning_folder / "tuned", recipe, resume=True,
        watch=watch, skip_bad=records.skip_bad, options=records.options, task=records.task,
    )  # fmt: skip
    tuned = store.find(str(manifest))
    result = tuned.manifest
    earlier = fields["training"].get("fine_tunings", [])
    training = fields["training"] | {"fine_tunings": [*earlier, {"of": fields["variant"], **result.training}]}
    return store.network(tuned), fields | {
        "thresholds": result.thresholds, "scores": to_dict(result)["scores"],
        "training": training,
    }  # fmt: skip


def _without_weights(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if k not in ("weights", "weights_sha256")}


def _facts(network: nn.Module, model: store.TrainedModel) -> dict[str, float]:
    """The manifest's facts of a network before compression."""
    weights = list(network.parameters())
    count = sum(p.numel() for p in weights)
    zeros = sum(int((p == 0).sum()) for p in weights)
    known: dict[str, float] = {"parameters": count, "sparsity": zeros / count}
    with contextlib.suppress(Uncounted):
        known["macs"] = flops.macs(
            network, model.manifest.input.shape, *(one.shape for one in model.manifest.further.values())
        )
    return known


def _task(model: store.TrainedModel, records: Records, watch: Watch | None = None) -> CompressTask:
    @functools.cache
    def calibration() -> RecordSet:
        request = DataRequest(
            "calibration",
            records.directory,
            limit=records.calibration,
            skip_bad_records=records.skip_bad,
            options=dict(records.options),
        )
        loaded = registry.dataset(records.dataset).load(request)
        return class_order.labelled_for(loaded, made.classes).taking(made.further)

    @functools.cache
    def labelled() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return Values(calibration().input)[:], task.rows(calibration().labels, len(made.classes))

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return task.loss(outputs, targets, None)

    made = model.manifest
    task, progress = registry.task(made.task), watch.data if watch else None
    return CompressTask(
        made.input.shape, len(made.classes), labelled, loss, records.seed, progress,
        {name: one.shape for name, one in made.further.items()},
        lambda: tuple(Values(one)[:] for one in calibration().inputs[1:]),
    )  # fmt: skip
