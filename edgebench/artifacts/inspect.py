"""The weights of an artifact, layer by layer, read from its file, and the rounding error of int8 for each layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgebench.core import formats
from edgebench.core.errors import ArtifactError, first_line
from edgebench.core.file_facts import Layer
from edgebench.quantization import error

BINS = 64
N = TypeVar("N", int, float)


@dataclass(frozen=True)
class LayerFacts:
    """Statistics of a layer's weights."""

    name: str
    shape: tuple[int, ...]
    bits: int
    low: float
    high: float
    sparsity: float
    """Share of the weights that are exactly zero."""
    per_tensor_db: float | None
    """Signal to quantization noise in dB if a float layer became int8 with one scale; None for an int8 layer."""
    per_channel_db: float | None
    """The same with a scale for each output channel."""
    rounding_db: float | None
    """For an int8 layer: expected signal to noise of its rounding, 10 log10(mean x² / mean(s²/12)), for errors that are
    uniform over a step; the file does not show the error of clipping. None for a float layer."""
    range_used: float | None
    """For an int8 layer: `Layer.levels` as a share of the 256 integers."""
    histogram: tuple[int, ...]
    """Number of weights in each of the equal bins from `low` to `high`."""
    scale: tuple[float, float] | None = None
    """Of an int8 layer: the smallest and largest scale of its channels."""
    zero_point: tuple[int, int] | None = None
    """Of an int8 layer: the smallest and largest zero point of its channels."""
    input_range: tuple[float, float] | None = None
    """The values that the layer can take, where the file has the scale of its int8 input; None elsewhere."""


def facts(layer: Layer) -> LayerFacts:
    """The statistics of one layer; raises ArtifactError where a weight is not finite."""
    x = layer.values
    if not np.isfinite(x).all():
        raise ArtifactError(f"layer {layer.name}: some of its weights are not finite")
    low, high = float(x.min()), float(x.max())
    bins = np.histogram(x, BINS, (low, high) if high > low else (low - 1, high + 1))[0]
    per_tensor = per_channel = rounding = used = None
    if layer.scale is None:
        per_tensor = error.loss(x, error.quantize(x)).sqnr_db
        per_channel = error.loss(x, error.quantize(x, axis=0)).sqnr_db
    else:
        noise = float((layer.scale.astype(np.float64) ** 2).mean() / 12)
        power = float((x.astype(np.float64) ** 2).mean())
        rounding = 10 * float(np.log10(power / noise)) if power and noise else np.inf
        used = layer.levels / 256
    return LayerFacts(
        layer.name, x.shape, layer.bits, low, high, float((x == 0).mean()), per_tensor, per_channel, rounding, used,
        tuple(int(n) for n in bins), _ends(layer.scale, float), _ends(layer.zero, int), layer.input_range,
    )  # fmt: skip


def _ends(values: NDArray[Any] | None, kind: type[N]) -> tuple[N, N] | None:
    return None if values is None or not values.size else (kind(values.min()), kind(values.max()))


def layers(path: Path, form: str) -> list[Layer]:
    """The layers of a file that have weights, in its order; `form` is its format. To be called in a child.

    Raises ArtifactError, MissingPackage.
    """
    try:
        found = formats.layers(form, path)
    except (KeyError, RuntimeError, ValueError, OSError) as error:
        raise ArtifactError(f"{path}: cannot be read: {first_line(error)}") from None
    if not found:
        raise ArtifactError(f"{path}: it has no layer with weights")
    return found
