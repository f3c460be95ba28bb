"""Quantization-aware training: the network trains with its weights and activations rounded to the int8 grid.

Rounding passes gradients unchanged (Jacob et al., 2018, arXiv:1712.05877), so that the weights adapt to it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.ao import quantization as ao
from torch.ao.nn.intrinsic import qat as fused
from torch.ao.quantization.quantize_fx import prepare_qat_fx
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from edgebench.core.errors import Unsupported
from edgebench.quantization import fx
from edgebench.quantization.aware import QuantizationAware
from edgebench.quantization.convolutions import float_convolutions, use_numbers
from edgebench.quantization.engines import SEVEN_BIT_ENGINES, engine_set
from edgebench.quantization.float_modules import float_modules, float_operators
from edgebench.quantization.observers import limited, training_mapping
from edgebench.quantization.partition import Partition, find_parts, inputs_of, replaced, short_message
from edgebench.quantization.refusal import first_refused

FREEZE_OBSERVERS = 0.5
"""Share of the steps after which the ranges are fixed."""
FREEZE_NORMS = 0.7
"""Share of the steps after which the statistics of batch normalisation are fixed, as at inference."""


def prepare(network: nn.Module, engine: str, signals: NDArray[np.float32]) -> QuantizationAware:
    """A copy of a trained network for quantization-aware training; its first ranges are those of these records.

    `signals` (records, leads, samples) are in mV. Modules that the engine refuses stay in float. Raises Unsupported
    where nothing is left to quantize.
    """
    records = torch.from_numpy(signals)
    floats = {**float_convolutions(network, engine), **float_modules(network), **float_operators(network, {})}
    while True:
        prepared = restore(network, {"engine": engine, "floats": floats}, tuple(signals.shape[1:]))
        # As at inference: normalisation by its statistics, and no dropout.
        prepared.train().apply(fused.freeze_bn_stats)
        for module in prepared.modules():
            if isinstance(module, (_BatchNorm, _DropoutNd)):
                module.eval()
        prepared.apply(ao.enable_observer)
        with torch.no_grad():
            for batch in torch.split(records, fx.BATCH):
                prepared(batch)
        prepared.apply(fused.update_bn_stats)
        refused = _refused(prepared.eval(), records[: fx.BATCH])
        if refused is None:
            return prepared
        if refused[0] in floats:
            raise Unsupported(f"nothing can be quantized for {engine}: {refused[1]}")
        floats = {**floats, refused[0]: refused[1]}


def restore(network: nn.Module, settings: Mapping[str, Any], shape: tuple[int, ...]) -> QuantizationAware:
    """The network with fake quantizations, whose ranges are not set; raises Unsupported where none can be placed.

    `shape` is that of one record, (leads, samples).
    """
    partition = Partition(floats=dict(settings["floats"]))
    engine = str(settings["engine"])
    whole = copy.deepcopy(network).eval()
    use_numbers(whole)
    with engine_set(engine):
        # A network on the image trains on windows: a graph must not contain the choice of the window.
        modules = dict(whole.named_modules())
        for path in getattr(whole, "window_parts", ("",)):
            if path in modules:
                find_parts(modules[path], path, partition)
        partition.drop_float_parts()
        if not partition.parts:
            reason = partition.floats.get("", "it has no convolution or linear layer")
            raise Unsupported(f"nothing can be quantized for {engine}: {reason}")
        with torch.no_grad():
            inputs = inputs_of(whole, partition.parts, torch.zeros(2, *shape))
        # FX fuses normalisation into its convolution in training mode only. Other modules than torch's own would be
        # traced with their behaviour in training, such as a random path; they are traced as at inference.
        for module in whole.modules():
            module.training = type(module).__module__.startswith("torch.nn")
        for path in partition.parts:
            config = limited(training_mapping(engine), partition.floats)
            part = fx.part_of(whole, path, config, partition)
            whole = replaced(whole, path, prepare_qat_fx(part, config, inputs[path]))
    return QuantizationAware(whole.eval(), partition, engine)


def freeze(network: nn.Module, share: float) -> None:
    """Fix the ranges, and later the statistics of normalisation; `share` is the share of the steps that are done."""
    for module in network.modules():
        if isinstance(module, QuantizationAware):
            module.apply(ao.disable_observer if share >= FREEZE_OBSERVERS else ao.enable_observer)
            module.apply(fused.freeze_bn_stats if share >= FREEZE_NORMS else fused.update_bn_stats)
            for norm in module.modules():  # those that are not fused into a convolution too
                if isinstance(norm, _BatchNorm) and share >= FREEZE_NORMS:
                    norm.eval()


def convert(network: QuantizationAware, engine: str, records: Tensor) -> tuple[nn.Module, tuple[str, ...]]:
    """The trained network in int8 for an engine, and the parts that stay in float.

    Tries the network on `records` (records, leads, samples), in mV. Raises Unsupported where the engine refuses it.
    """
    if engine in SEVEN_BIT_ENGINES and network.engine not in SEVEN_BIT_ENGINES:
        raise Unsupported(
            f"trained for {network.engine}, with 8-bit activations: sums of {engine} saturate on processors without "
            "VNNI; use the variant qat"
        )
    whole = copy.deepcopy(network.network).eval()
    with engine_set(engine), torch.no_grad():
        try:
            quantized = fx.convert(whole, network.partition)
        except RuntimeError as error:
            raise Unsupported(f"trained for {network.engine}; {engine} cannot run it: {short_message(error)}") from None
        refused = first_refused(quantized, records, _of_modules(copy.deepcopy(network.partition)))
        if refused:
            raise Unsupported(f"trained for {network.engine}; {engine} cannot run it: {refused[1]} ({refused[0]})")
    return quantized, network.partition.float_parts


def _refused(network: QuantizationAware, records: Tensor) -> tuple[str, str] | None:
    with engine_set(network.engine), torch.no_grad():
        quantized = fx.convert(copy.deepcopy(network.network).eval(), network.partition)
        if not fx.is_quantized(quantized):
            raise Unsupported(f"nothing can be quantized for {network.engine}")
        refused = first_refused(quantized, records, _of_modules(network.partition))
        return refused and (str(refused[0]), refused[1])


def _of_modules(partition: Partition) -> Partition:
    """The partition, in which a refusal names a module: the training's data keep no single operators."""
    partition.scales.clear()
    return partition
