"""Observers, which find the int8 ranges of activations and weights, as torch.ao's QConfigMapping.

A range [a, b] becomes a scale (b - a) / (q_max - q_min) and a zero point (affine), or, with a = -b, a scale alone
(symmetric). `edgebench.quantization.error` has the formulas and computes the rounding error.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.ao.quantization import (
    QConfig,
    QConfigMapping,
    get_default_qat_qconfig,
    get_default_qat_qconfig_mapping,
    get_default_qconfig_mapping,
)
from torch.ao.quantization import observer as ao

from edgebench.quantization.engines import SEVEN_BIT_ENGINES
from edgebench.quantization.float_modules import OTHER_OPERATORS
from edgebench.quantization.partition import QUANTIZABLE

OUTLIERS = 1e-3
"""Share of the values that `percentile` omits, half of it at each end."""


class HistogramObserver(ao.HistogramObserver):
    """The range with the least squared error for the engine's number of levels.

    torch's own observer always searches for 256 levels. With `reduce_range` there are 128, and it clips too little.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dst_nbins = self.quant_max - self.quant_min + 1


class PercentileObserver(ao.HistogramObserver):
    """The range between two percentiles of all observed values, from their histogram."""

    def _non_linear_param_search(self) -> tuple[Tensor, Tensor]:
        """The range from which HistogramObserver computes scale and zero point."""
        share = torch.cumsum(self.histogram, 0) / self.histogram.sum()
        width = (self.max_val - self.min_val) / self.bins
        first = int((share > OUTLIERS / 2).int().argmax())
        last = int((share >= 1 - OUTLIERS / 2).int().argmax())
        return self.min_val + width * first, self.min_val + width * (last + 1)


FUSED = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.ReLU, torch.nn.functional.relu, torch.relu)
"""Operators that FX fuses with a preceding product, if both have the same observers."""

OBSERVERS: Mapping[str, Any] = {
    "histogram": HistogramObserver,
    "minmax": ao.MinMaxObserver,
    "moving-average": ao.MovingAverageMinMaxObserver,
    "percentile": PercentileObserver,
}


def mapping(engine: str, options: Mapping[str, str]) -> QConfigMapping:
    """torch's default mapping of an engine, with the observers that `options` choose.

    oneDNN's default has 8-bit activations: without VNNI its sums saturate and the results are wrong.
    """
    return get_default_qconfig_mapping(engine).set_global(qconfig(engine, options))


def limited(full: QConfigMapping, floats: Container[str]) -> QConfigMapping:
    """The mapping; where `OTHER_OPERATORS` stay in float, restricted to products and what FX fuses with them."""
    if OTHER_OPERATORS not in floats:
        return full
    restricted = QConfigMapping()
    for kind in (*QUANTIZABLE, *FUSED):
        restricted.set_object_type(kind, full.global_qconfig)
    return restricted


def training_mapping(engine: str) -> QConfigMapping:
    """torch's default mapping of an engine for quantization-aware training; oneDNN's with FBGEMM's 7 bits."""
    found = get_default_qat_qconfig_mapping(engine)
    if engine == "onednn":
        found.set_global(get_default_qat_qconfig("fbgemm"))  # type: ignore[no-untyped-call]
    return found


def qconfig(engine: str, options: Mapping[str, str]) -> QConfig:
    """The observers of activations and weights; the engine's default where `options` have no choice."""
    per_channel = options.get("granularity", "per-tensor" if engine == "qnnpack" else "per-channel") == "per-channel"
    affine = options.get("weights") == "affine-weights"
    scheme = {
        (True, True): torch.per_channel_affine, (True, False): torch.per_channel_symmetric,
        (False, True): torch.per_tensor_affine, (False, False): torch.per_tensor_symmetric,
    }[per_channel, affine]  # fmt: skip
    weight = (ao.PerChannelMinMaxObserver if per_channel else ao.MinMaxObserver).with_args(
        dtype=torch.qint8, qscheme=scheme
    )
    return qconfig_of(_activation(engine, options), weight)


def qconfig_of(activation: Any, weight: Any) -> QConfig:
    """A QConfig of two observers, or of two fake quantizations."""
    return QConfig(activation=activation, weight=weight)  # type: ignore[no-untyped-call]


def _activation(engine: str, options: Mapping[str, str]) -> Any:
    kind = OBSERVERS[options.get("calibration", "percentile")]
    if options.get("activations") != "symmetric-activations":
        return kind.with_args(reduce_range=engine in SEVEN_BIT_ENGINES)
    # Explicit bounds: torch puts the zero point of a symmetric quint8 at 128, outside a reduced range.
    return kind.with_args(
        qscheme=torch.per_tensor_symmetric, quant_min=0, quant_max=127 if engine in SEVEN_BIT_ENGINES else 255
    )
