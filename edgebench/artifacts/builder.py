"""The builder process: one model, one variant, every requested exporter.

Run as `python -m edgebench.artifacts.builder`.

Building needs torch; the harness does not, so it asks this process. It answers once for each exporter, so that a crash
costs one exporter and the rest can be requested again.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgebench.artifacts.build import BuildRequest, agrees
from edgebench.core import artifact_files, formats, options, registry
from edgebench.core.contracts import Artifact, Outcome
from edgebench.core.errors import DiskFull, EdgeBenchError, Uncounted, Unsupported, first_line
from edgebench.core.files import replacing, require_space, safe_name
from edgebench.core.inputs import InputSpec, StoredInput
from edgebench.core.protocols import Exporter, ExportTask
from edgebench.core.serialization import from_dict, to_dict
from edgebench.data.stored import Batches, Values
from edgebench.isolation.child import answer_with
from edgebench.models import flops, store
from edgebench.models.external import own

if TYPE_CHECKING:
    from torch import nn


def build(request: BuildRequest) -> Iterator[tuple[str, Outcome[Artifact]]]:
    """Build the artifacts of a model, compressed or not.

    Yields (exporter, outcome).
    """
    model = store.find(request.model)
    network = store.network(model)
    if missing := set(model.manifest.further) - {one.name for one in request.check_further}:
        reason = f"the network takes the further input '{min(missing)}', which the records lack"
        yield from ((name, Outcome("unsupported", reason)) for name in request.exporters)
        return
    if random := _save_logits(network, request, _taken(model, request.check_further)):
        yield from ((name, Outcome("failed", random)) for name in request.exporters)
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield from _export_each(network, model, request, Path(scratch))


def _export_each(
    network: nn.Module, model: store.TrainedModel, request: BuildRequest, scratch: Path
) -> Iterator[tuple[str, Outcome[Artifact]]]:
    shared: dict[str, Any] = {}
    for name in request.exporters:
        try:
            artifact = _export(name, network, model, request, scratch, shared)
            yield name, Outcome("ok", result=artifact)
        except Unsupported as reason:
            yield name, Outcome("unsupported", str(reason))
        except DiskFull:
            raise
        except EdgeBenchError as error:
            yield name, Outcome("failed", _without(scratch, str(error)))
        except OSError:
            raise
        except Exception as error:  # an exporter may raise anything; the others go on
            require_space(Path(request.folder))
            text = _without(scratch, first_line(error, "no message"))
            yield name, Outcome("failed", f"{type(error).__name__}: {text[:300]}")


def _without(scratch: Path, text: str) -> str:
    """A message of an exporter without the temporary folder that it worked in, which says nothing to the user."""
    return text.replace(f"{scratch}/", "")


def _export(
    spec: str, network: nn.Module, model: store.TrainedModel, request: BuildRequest, scratch: Path,
    shared: dict[str, Any],
) -> Artifact:  # fmt: skip
    exporter = registry.exporter(spec)
    _suitable(exporter, model)
    folder = Path(request.folder) / safe_name(spec)
    folder.mkdir(parents=True, exist_ok=True)
    taken, further = model.manifest.input, model.manifest.further
    used: list[bool] = []
    records = _calibration_records(request.calibration_input)

    def calibration() -> Any:
        used.append(True)
        return records()

    chosen = options.of_exporter(spec, registry.choices(exporter))

    def check() -> Iterator[tuple[NDArray[np.float32], ...]]:
        found = Batches(request.check_input, *_taken(model, request.check_further))
        size = request.check_records
        yield from (found[start : start + size] for start in range(0, len(found), size))

    made = exporter.export(
        ExportTask(
            network, folder, scratch, taken, calibration, chosen, request.floats, check, further,
            lambda: tuple(Values(one)[:] for one in _taken(model, request.calibration_further)), shared,
        )
    )  # fmt: skip
    form = made.format or exporter.format
    calibration_record = request.calibration if used else None
    if calibration_record:
        calibration_record = replace(calibration_record, method=made.calibration_method)
    if "counted" not in shared:
        shared["counted"] = _counted(network, taken, *further.values())
    count, sparsity, macs, uncounted = shared["counted"]
    prefix = own.prefix(model.manifest.architecture)
    # Shares of the multiply-adds are counted for networks with one input.
    plain: Any = network.network if model.manifest.quantization else network
    int8_weights, int8_macs = _int8_shares(plain, made.int8_modules, taken, None if further else macs)
    return Artifact(
        model=model.manifest.name, variant=request.variant, exporter=spec, format=form,
        precision=made.precision, **artifact_files.described(formats.files(form, made.file)),
        classes=model.manifest.classes,
        thresholds=model.manifest.thresholds, input=taken, further=further, parameters=count,
        sparsity=sparsity,
        model_sha256=model.manifest.compressed_from or model.manifest.weights_sha256,
        engine=exporter.engine, devices=exporter.devices,
        architecture=model.manifest.architecture if formats.rebuilds(form) else "",
        structure=model.manifest.structure if formats.rebuilds(form) else {},
        calibration=calibration_record, fixed_batch=made.fixed_batch,
        macs=macs, int8_weights=int8_weights, int8_macs=int8_macs, delegated=made.delegated,
        task=model.manifest.task, before=model.manifest.before, untrained=model.manifest.untrained,
        float_parts=tuple(part.removeprefix(prefix) for part in made.float_parts),
        notes=(*made.notes, *uncounted, *filter(None, [formats.ends_with(form)])),
        made_with=_versions(exporter.packages), layer_prefix=prefix,
    )  # fmt: skip


def _taken(model: store.TrainedModel, there: Sequence[StoredInput]) -> list[StoredInput]:
    """The further inputs of some records that the network takes, in its order."""
    found = {one.name: one for one in there}
    return [found[name] for name in model.manifest.further if name in found]


def _counted(network: nn.Module, *specs: InputSpec) -> tuple[int, float, int | None, tuple[str, ...]]:
    """Parameters, the share of them that is zero, and multiply-adds of a record: None, with a note, where unknown."""
    weights = [p.detach() for p in network.parameters()]
    count = sum(p.numel() for p in weights)
    sparsity = sum(int((p == 0).sum()) for p in weights) / count
    try:
        return count, sparsity, flops.macs(network, *(spec.shape for spec in specs)), ()
    except Uncounted as reason:
        return count, sparsity, None, (f"multiply-adds not counted: {reason}",)


def _int8_shares(
    network: nn.Module, modules: tuple[str, ...] | None, spec: InputSpec, macs: int | None
) -> tuple[float | None, float | None]:
    """The shares of the weights and of the multiply-adds in int8; None where they are not known."""
    from edgebench.quantization.shares import share_of_macs, share_of_weights

    if modules is None:
        return None, None
    of_macs = share_of_macs(network, modules, spec.shape, macs) if macs else None
    return share_of_weights(network, modules), of_macs


def _suitable(exporter: Exporter, model: store.TrainedModel) -> None:
    """Raise Unsupported for a network that the exporter cannot take: with its quantization, or with several inputs."""
    if model.manifest.further and not getattr(exporter, "several_inputs", False):
        names = ", ".join(model.manifest.further)
        raise Unsupported(f"{exporter.name} takes networks with one input; this one takes {names}, too")
    if model.manifest.quantization and not getattr(exporter, "quantization_aware", False):
        raise Unsupported("the model was trained with its int8 quantization; it has int8 exports only")


def _save_logits(network: nn.Module, request: BuildRequest, further: Sequence[StoredInput]) -> str:
    """Write the network's logits on the check records; if a second pass gives others, returns why in words."""
    import torch

    from edgebench.models.forward_pass import watched

    found = Batches(request.check_input, *further)[: request.check_records]
    records = [torch.from_numpy(one) for one in found]
    with torch.no_grad():
        own = network.eval()(*records).numpy()
        with replacing(Path(request.check_output)) as part:
            np.save(part, own)
        with watched(*records) as findings:
            again = network(*records).numpy()
    if agrees(own, again, "fp32") or not np.isfinite(own).all():
        return ""
    random = next((f" ({finding})" for finding in findings if finding.kind == "random"), "")
    return f"the network is not deterministic{random}: the same records give other logits each time"


def _calibration_records(stored: StoredInput | None) -> Callable[[], Any]:
    @functools.cache
    def read() -> Any:
        assert stored, "the exporter says that it calibrates"
        return Values(stored)[:]

    return read


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in ("edgebench", *packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, outcome in build(from_dict(BuildRequest, request)):
        yield {"exporter": name, "outcome": to_dict(outcome)}


if __name__ == "__main__":
    answer_with(_handle)
