"""A small network through the OpenVINO exporters, once a process."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import small_networks
import torch
from bundle_makers import contents
from numpy.typing import NDArray

from edgebench.core import artifact_files, formats, options, registry
from edgebench.core.contracts import Artifact
from edgebench.core.protocols import Exported, ExportTask
from edgebench.data.signals import ECG

SIGNALS = np.random.default_rng(0).normal(0, 0.3, (8, 12, 1000)).astype(np.float32)


@dataclass(frozen=True)
class Made:
    """An artifact, its file, and what the exporter said."""

    artifact: Artifact
    path: Path
    exported: Exported


@functools.cache
def _home() -> tuple[tempfile.TemporaryDirectory[str], torch.nn.Module, NDArray[np.float32]]:
    torch.manual_seed(0)
    network = small_networks.SIGNAL.build(5).eval()
    with torch.inference_mode():
        return tempfile.TemporaryDirectory(), network, network(torch.from_numpy(SIGNALS)).numpy()


def expected() -> NDArray[np.float32]:
    """The network's own logits of SIGNALS."""
    return _home()[2]


def graph() -> Path:
    """The ONNX graph that all exporters share."""
    made("openvino")
    return Path(_home()[0].name) / "graph.onnx"


@functools.cache
def made(spec: str) -> Made:
    """The artifact of an exporter, which may have options."""
    return make(spec, Path(_home()[0].name), _shared())


@functools.cache
def _shared() -> dict[str, Any]:
    """What the exporters of the network find out once for all of them."""
    return {}


def make(spec: str, folder: Path, shared: dict[str, Any] | None = None) -> Made:
    """The same, made in a folder."""
    network, exporter = _home()[1], registry.exporter(spec)
    home = folder / spec.replace(":", "_")
    home.mkdir()
    chosen = options.of_exporter(spec, registry.choices(exporter))
    known = {} if shared is None else shared
    found = exporter.export(ExportTask(network, home, home.parent, ECG, lambda: SIGNALS, chosen, shared=known))
    ((plain, _),) = contents(home / "plain", data=False).artifacts
    form = found.format or exporter.format
    artifact = replace(
        plain, format=form, precision=found.precision, exporter=spec, fixed_batch=found.fixed_batch,
        **artifact_files.described(formats.files(form, found.file)),
    )  # fmt: skip
    return Made(artifact, found.file, found)
