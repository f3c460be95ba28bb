"""The builder process: one model, one variant, every exporter that is asked for. Run as `python -m edgebench.builder`.

Building needs torch; the harness does not, so it asks this process. It answers once for each exporter, so that a crash
costs one exporter and the rest can be asked for again.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench import registry
from edgebench.contracts import Artifact, Calibration, Outcome
from edgebench.errors import EdgeBenchError, Unsupported, first_line
from edgebench.files import replacing, require_space, sha256
from edgebench.models import store
from edgebench.process import answer_with
from edgebench.protocols import Exporter, ExportTask
from edgebench.records import from_dict, to_dict
from edgebench.signals import open_signals, to_millivolts

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class BuildRequest:
    """What the builder is asked for."""

    model: str
    variant: str
    exporters: tuple[str, ...]
    folder: str
    """Artifacts go to `folder`/EXPORTER/."""
    calibration: Calibration | None
    """None where no exporter calibrates."""
    calibration_signals: str
    check_signals: str
    check_records: int
    check_output: str
    """Where the network's own logits on the check records go."""


def build(request: BuildRequest) -> Iterator[tuple[str, Outcome]]:
    """Build the artifacts; yields (exporter, outcome), where an outcome that is ok holds the artifact's fields."""
    model = store.find(request.model)
    try:
        network = registry.variant(request.variant).apply(store.network(model), request.variant)
    except Unsupported as reason:
        yield from ((name, Outcome("unsupported", str(reason))) for name in request.exporters)
        return
    _save_logits(network, request)
    with tempfile.TemporaryDirectory() as scratch:
        yield from _export_each(network, model, request, Path(scratch))


def _export_each(
    network: nn.Module, model: store.TrainedModel, request: BuildRequest, scratch: Path
) -> Iterator[tuple[str, Outcome]]:
    for name in request.exporters:
        try:
            artifact = _export(registry.exporter(name), network, model, request, scratch)
            yield name, Outcome("ok", values=to_dict(artifact))
        except Unsupported as reason:
            yield name, Outcome("unsupported", str(reason))
        except EdgeBenchError as error:
            yield name, Outcome("failed", str(error))
        except OSError:
            raise
        except Exception as error:  # an exporter may raise anything; the others go on
            require_space(Path(request.folder))
            text = first_line(error, "no message")
            yield name, Outcome("failed", f"{type(error).__name__}: {text[:300]}")


def _export(
    exporter: Exporter, network: nn.Module, model: store.TrainedModel, request: BuildRequest, scratch: Path
) -> Artifact:
    folder = Path(request.folder) / exporter.name
    folder.mkdir(parents=True, exist_ok=True)
    contract = model.manifest.input
    used: list[bool] = []
    records = _calibration_records(request.calibration_signals)

    def calibration() -> Any:
        used.append(True)
        return records()

    made = exporter.export(ExportTask(network, folder, scratch, contract, calibration))
    calibration_record = request.calibration if used else None
    if calibration_record:
        calibration_record = replace(calibration_record, method=made.calibration_method)
    weights = [p.detach() for p in network.parameters()]
    count = sum(p.numel() for p in weights)
    return Artifact(
        model=model.manifest.name, variant=request.variant, exporter=exporter.name, format=exporter.format,
        precision=made.precision, file=made.file.name, sha256=sha256(made.file),
        file_size_bytes=made.file.stat().st_size, classes=model.manifest.classes,
        thresholds=model.manifest.thresholds, input=contract, parameters=count,
        sparsity=sum(int((p == 0).sum()) for p in weights) / count, model_sha256=model.manifest.weights_sha256,
        engine=exporter.engine, devices=exporter.devices,
        architecture=model.manifest.architecture if exporter.format == "eager" else "",
        calibration=calibration_record,
        float_parts=made.float_parts, notes=made.notes, made_with=_versions(exporter.packages),
    )  # fmt: skip


def _save_logits(network: nn.Module, request: BuildRequest) -> None:
    import torch

    signals = torch.from_numpy(to_millivolts(open_signals(request.check_signals)[: request.check_records]))
    with torch.inference_mode(), replacing(Path(request.check_output)) as part:
        np.save(part, network.eval()(signals).numpy())


def _calibration_records(path: str) -> Callable[[], Any]:
    @functools.cache
    def read() -> Any:
        return to_millivolts(np.asarray(open_signals(path)))

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
