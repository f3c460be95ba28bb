"""Static int8 by torch.ao's FX graph mode."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn
from torch.ao.quantization import QConfigMapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

from edgebench.core.errors import ModelError, Unsupported
from edgebench.quantization.convolutions import float_convolutions, use_numbers
from edgebench.quantization.engines import engine_set
from edgebench.quantization.float_modules import float_modules, float_operators
from edgebench.quantization.observers import limited, mapping
from edgebench.quantization.operators import Operator, by_scale
from edgebench.quantization.partition import (
    QUANTIZABLE,
    Partition,
    find_parts,
    inputs_of,
    relative,
    replaced,
    short_message,
)
from edgebench.quantization.refusal import first_refused

BATCH = 16
TOLERANCE = 1e-4
"""Largest difference between a logit of FX's graph in fp32 and the network's own, as a share of the largest logit."""


def quantize_static(
    network: nn.Module, engine: str, signals: NDArray[np.float32], options: Mapping[str, str] | None = None,
    floats: Mapping[str, str] | None = None,
) -> tuple[nn.Module, tuple[str, ...]]:  # fmt: skip
    """Quantize weights and activations to int8 for one engine; returns the network and the parts that stay in float.

    `signals` (records, leads, samples), in mV, are the calibration records; `options` are those of
    `exporters/_fx_int8.py`; `floats` are paths of modules to leave in float, each with the reason. Modules that FX
    cannot trace or the engine refuses stay in float too; the rest is then tried again without them. Raises Unsupported
    where nothing is left to quantize.
    """
    records = torch.from_numpy(signals)
    with engine_set(engine), torch.no_grad():
        requested = {**float_modules(network), **float_operators(network, options or {}), **(floats or {})}
        network = copy.deepcopy(network).eval()
        use_numbers(network)
        partition = Partition(floats={**float_convolutions(network, engine), **requested})
        find_parts(network, "", partition)
        while True:
            partition.drop_float_parts()
            config = limited(mapping(engine, options or {}), partition.floats)
            quantized = _quantized(network, config, records, partition)
            if not is_quantized(quantized):
                reasons = [reason for path, reason in partition.floats.items() if path not in requested]
                reason = next(iter(reasons), "it has no convolution or linear layer")
                raise Unsupported(f"nothing can be quantized for {engine}: {reason}")
            refused = first_refused(quantized, records[:BATCH], partition)
            if refused is None:
                return quantized, partition.float_parts
            place, reason = refused
            if isinstance(place, Operator):
                partition.operators[place] = reason
            else:
                partition.floats[place] = reason


def _quantized(network: nn.Module, config: QConfigMapping, records: Tensor, partition: Partition) -> nn.Module:
    """The network in int8; raises Unsupported where the engine refuses its weights, as oneDNN does affine ones."""
    try:
        return _quantize_parts(network, config, records, partition)
    except (RuntimeError, NotImplementedError, AssertionError) as error:
        raise Unsupported(
            f"{torch.backends.quantized.engine} cannot run it with these options: {short_message(error)}"
        ) from None


def part_of(whole: nn.Module, path: str, config: QConfigMapping, partition: Partition) -> nn.Module:
    """The module of a part in a form that FX takes; removes the modules that stay in float from the mapping."""
    for name in partition.floats:
        config.set_module_name(relative(name, path), None)
    for one in partition.operators:
        if one.part == path:
            config.set_module_name_object_type_order(one.module, one.function, one.index, None)
    part = whole.get_submodule(path)
    # FX quantizes the modules of a graph, not a module that is the graph itself.
    return nn.Sequential(part) if isinstance(part, QUANTIZABLE) else part


def _quantize_parts(network: nn.Module, config: QConfigMapping, records: Tensor, partition: Partition) -> nn.Module:
    """A copy of the network in which every part is prepared, calibrated and converted."""
    whole = copy.deepcopy(network)
    expected = network(records[:BATCH])
    inputs = inputs_of(whole, partition.parts, records[:1])
    for path in partition.parts:
        own = copy.deepcopy(config)
        whole = replaced(whole, path, prepare_fx(part_of(whole, path, own, partition), own, inputs[path]))
    for index, batch in enumerate(torch.split(records, BATCH)):
        observed = whole(batch)
        if index == 0 and not torch.allclose(
            observed, expected, rtol=0.0, atol=TOLERANCE * max(1.0, float(expected.abs().max()))
        ):
            raise ModelError(
                "FX's graph is not the network itself, before any quantization: its code takes another way"
            )
    return convert(whole, partition)


def convert(prepared: nn.Module, partition: Partition) -> nn.Module:
    """The network with every prepared part in int8, in the ranges that its observers recorded."""
    for path in partition.parts:
        observed = prepared.get_submodule(path)
        assert isinstance(observed, fx.GraphModule)
        partition.scales[path] = by_scale(observed, path)
        prepared = replaced(prepared, path, convert_fx(observed))
    return prepared.eval()


def is_quantized(network: nn.Module) -> bool:
    """Whether any module has int8 weights."""
    return any("quantized" in type(m).__module__ and hasattr(m, "weight") for m in network.modules())
