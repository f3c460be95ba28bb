"""A trained model → a compressed one: pruned, fine-tuned, and kept as a model with weights and manifest of its own."""

from __future__ import annotations

import functools
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core import options, registry
from edgebench.core.contracts import DataRequest
from edgebench.core.errors import Unsupported
from edgebench.core.files import write_text
from edgebench.core.options import CHAIN
from edgebench.core.protocols import CompressTask
from edgebench.core.serialization import to_dict
from edgebench.core.settings import FineTuning
from edgebench.data.signals import open_signals, to_millivolts
from edgebench.models import flops, store, structure
from edgebench.training.loop import Watch, train

if TYPE_CHECKING:
    from torch import nn

WORK = "work"
"""Folder of the checkpoints of a fine-tuning, until the compression is done."""
ASKED = "asked.json"
"""File in it that says what the checkpoints are of."""
BASE: dict[str, Any] = {
    "learning_rate": 1e-3, "batch_size": 64, "optimizer": "adamw", "schedule": "one-cycle", "progressive": (),
    "hint": 0.0,
}  # fmt: skip
QUANTIZED: dict[str, Any] = {"precision": "fp32", "hint": 0.0}
"""What training with quantization cannot have otherwise: it rounds in float32, and its features are inside a graph."""
SETTLED = 0.1
"""Factor of the learning rate of a training with quantization: it starts from a network that is trained already."""
INHERITED = (
    "batch_size", "crop", "row_keep", "patch_keep", "whole_epochs", "lead_dropout", "amplitude", "class_weights"
)  # fmt: skip
"""What a fine-tuning takes from the recipe that the model was trained with."""


@dataclass(frozen=True)
class Records:
    """Where a compression takes its records from."""

    dataset: str
    directory: Path | None
    calibration: int
    """How many calibration records."""
    skip_bad: bool = False
    seed: int = 0


def compress(
    name: str, spec: str, folder: Path, records: Records, tuning: FineTuning, watch: Watch | None = None,
    begun: str = "",
) -> Path:  # fmt: skip
    """Compress the model of that name as `spec` says and write it into `folder`; returns its manifest's path.

    After each step the network is fine-tuned on the training folds, where `tuning` has epochs for it. It sees the
    records as in the model's own training; its teacher is the model itself as it was, unless `tuning.recipe` names one.
    Thresholds are chosen anew then, on the validation fold. A fine-tuning that was interrupted goes on from its last
    epoch when the same is asked for again. A compression that can go step by step takes `tuning.rounds` of them.
    `begun` is the manifest of what a chain's beginning made of the model, with the same records and tuning: the rest
    is done to that.
    Raises PlanError, ModelError, DataError, Unsupported.
    """
    model = store.find(name)
    told = model.manifest
    if told.quantization:
        raise Unsupported(f"{told.name} was trained with its int8 quantization; compress it before that")
    network = store.network(model)
    fields = to_dict(told) | {
        "scores": {}, "compressed_from": told.compressed_from or told.weights_sha256,
        "before": told.before or _numbers(network, model),
    }  # fmt: skip
    done = list(told.training.get("compressed", []))
    left = spec
    if begun:
        earlier = store.find(begun)
        network, fields = store.network(earlier), to_dict(earlier.manifest)
        done = list(fields["training"]["compressed"])
        left = spec.removeprefix(fields["variant"] + CHAIN)
    work = _work(folder / WORK, model, spec, records, tuning)
    for step in _steps(left, tuning.rounds):
        network = registry.variant(step).apply(network, step, _task(model, records, watch))
        done.append(step)
        training = fields["training"] | {"compressed": list(done)}
        fields |= {"variant": CHAIN.join(done), "training": training} | _form(network, fields)
        epochs = (tuning.qat_epochs or tuning.epochs) if fields["quantization"] else tuning.epochs
        if epochs:
            network, fields = _fine_tuned(network, name, fields, records, tuning.recipe, epochs, work, watch)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = store.save(network, folder, _without_weights(fields | {"variant": spec}))
    shutil.rmtree(work, ignore_errors=True)
    return manifest


def _work(folder: Path, model: store.TrainedModel, spec: str, records: Records, tuning: FineTuning) -> Path:
    """The folder of the checkpoints; those of another compression are removed."""
    what = {"model": model.manifest.weights_sha256, "variant": spec}
    asked = json.dumps(what | {"records": asdict(records), "tuning": asdict(tuning)}, default=str) + "\n"
    note = folder / ASKED
    if not note.is_file() or note.read_text(encoding="utf-8") != asked:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_text(note, asked)
    return folder


def _steps(spec: str, rounds: int) -> list[str]:
    """The compressions of a chain; one that goes in rounds is as many, each with the share that it has to reach."""
    steps: list[str] = []
    for part in spec.split(CHAIN):
        variant = registry.variant(part)
        in_rounds = getattr(variant, "in_rounds", None)
        steps += in_rounds(part, rounds) if in_rounds and rounds > 1 else [part]
    return steps


def _form(network: nn.Module, fields: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of a network's form, so that it can be built again."""
    if settings := getattr(network, "settings", {}):
        return {"quantization": settings}  # its modules are no longer the architecture's: what was known of them stays
    dense = registry.architecture(fields["architecture"]).build(len(fields["classes"]))
    return {
        "structure": structure.changes(network, dense), "parameters": sum(p.numel() for p in network.parameters())
    }  # fmt: skip


def _fine_tuned(
    network: nn.Module, teacher: str, fields: dict[str, Any], records: Records, changes: dict[str, Any], epochs: int,
    work: Path, watch: Watch | None,
) -> tuple[nn.Module, dict[str, Any]]:  # fmt: skip
    """Train a compressed network on, in `work`: what an interrupted compression left there is used.

    So is the network that it started from: calibrated anew, with other threads, it could differ in a last bit.
    """
    place = work / fields["variant"].replace(CHAIN, "~")
    place.mkdir(parents=True, exist_ok=True)
    start = place / f"{fields['name']}.json"
    if not start.is_file():
        store.save(network, place, _without_weights(fields))
    recipe = {
        **BASE, **{k: v for k, v in fields["training"].get("recipe", {}).items() if k in INHERITED}, "teacher": teacher,
        "seed": records.seed,
        "keep_zeros": any(map(options.zeroes, fields["training"]["compressed"])),
        **changes, "epochs": epochs, "start": str(start),
    }  # fmt: skip
    if fields["quantization"]:
        recipe |= QUANTIZED | {"learning_rate": recipe["learning_rate"] * SETTLED}
    manifest = train(
        fields["architecture"], records.dataset, records.directory, place / "tuned", recipe, resume=True, watch=watch,
        skip_bad=records.skip_bad,
    )  # fmt: skip
    tuned = store.find(str(manifest))
    told = tuned.manifest
    earlier = fields["training"].get("fine_tunings", [])
    training = fields["training"] | {"fine_tunings": [*earlier, {"of": fields["variant"], **told.training}]}
    return store.network(tuned), fields | {
        "thresholds": told.thresholds, "scores": to_dict(told)["scores"],
        "training": training,
    }  # fmt: skip


def _without_weights(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if k not in ("weights", "weights_sha256")}


def _numbers(network: nn.Module, model: store.TrainedModel) -> dict[str, float]:
    """What is told of a network before it was compressed."""
    weights = list(network.parameters())
    count = sum(p.numel() for p in weights)
    zeros = sum(int((p == 0).sum()) for p in weights)
    work = flops.macs(network, model.manifest.input.shape)
    return {"parameters": count, "macs": work, "sparsity": zeros / count}


def _task(model: store.TrainedModel, records: Records, watch: Watch | None = None) -> CompressTask:
    @functools.cache
    def labelled() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        request = DataRequest(
            "calibration", records.directory, limit=records.calibration, skip_bad_records=records.skip_bad
        )
        found = registry.dataset(records.dataset).load(request)
        return to_millivolts(np.asarray(open_signals(found.signals))), found.labels.astype(np.bool_)

    told = watch.data if watch else None
    return CompressTask(model.manifest.input.shape, len(model.manifest.classes), labelled, records.seed, told)
