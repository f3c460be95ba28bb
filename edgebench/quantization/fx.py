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

from edgebench.core.errors import Unsupported
from edgebench.quantization.engines import engine_set
from edgebench.quantization.keep import between, kept_in_float
from edgebench.quantization.observers import limited, mapping
from edgebench.quantization.parts import QUANTIZABLE, Plan, find_parts, inputs_of, relative, replaced, short
from edgebench.quantization.refusal import first_refused

BATCH = 16


def quantize_static(
    network: nn.Module, engine: str, signals: NDArray[np.float32], options: Mapping[str, str] | None = None,
    floats: Mapping[str, str] | None = None,
) -> tuple[nn.Module, tuple[str, ...]]:  # fmt: skip
    """Quantize weights and activations to int8 for one engine; returns the network and what stayed in float.

    `signals` (records, leads, samples), in mV, is what it is calibrated on; `options` choose, by the words of
    `exporters/_fx_int8.py`; `floats` are paths of modules that shall stay in float, each with the reason. What FX
    cannot trace, and what the engine refuses to run, stays in float too; the rest is tried again without it. Raises
    Unsupported where nothing is left to quantize.
    """
    records = torch.from_numpy(signals)
    with engine_set(engine), torch.no_grad():
        kept = {**kept_in_float(network), **between(network, options or {}), **(floats or {})}
        plan = Plan(floats=dict(kept))
        find_parts(network.eval(), "", plan)
        while True:
            plan.leave_out()
            quantized = _tried(network, limited(mapping(engine, options or {}), plan.floats), records, plan)
            if not is_quantized(quantized):
                reasons = [why for path, why in plan.floats.items() if path not in kept]
                reason = next(iter(reasons), "it has no convolution or linear layer")
                raise Unsupported(f"nothing can be quantized for {engine}: {reason}")
            refused = first_refused(quantized, records[:BATCH], plan)
            if refused is None:
                return quantized, plan.label
            plan.floats[refused[0]] = refused[1]


def _tried(network: nn.Module, config: QConfigMapping, records: Tensor, plan: Plan) -> nn.Module:
    """The network in int8; raises Unsupported where the engine refuses its weights, as oneDNN does affine ones."""
    try:
        return _convert(network, config, records, plan)
    except (RuntimeError, NotImplementedError, AssertionError) as error:
        raise Unsupported(f"{torch.backends.quantized.engine} cannot run it so: {short(error)}") from None


def part_of(whole: nn.Module, path: str, config: QConfigMapping, plan: Plan) -> nn.Module:
    """The module of a part as FX takes it; what the plan leaves in float is taken out of the mapping."""
    for name in plan.floats:
        config.set_module_name(relative(name, path), None)
    part = whole.get_submodule(path)
    # FX quantizes modules inside a graph, not a module that is the graph.
    return nn.Sequential(part) if isinstance(part, QUANTIZABLE) else part


def _convert(network: nn.Module, config: QConfigMapping, records: Tensor, plan: Plan) -> nn.Module:
    """Prepare, calibrate and convert every part, leaving the rest of the network as it is."""
    whole = copy.deepcopy(network)
    inputs = inputs_of(whole, plan.parts, records[:1])
    for path in plan.parts:
        own = copy.deepcopy(config)
        whole = replaced(whole, path, prepare_fx(part_of(whole, path, own, plan), own, inputs[path]))
    for start in range(0, len(records), BATCH):
        whole(records[start : start + BATCH])
    return converted(whole, plan)


def converted(prepared: nn.Module, plan: Plan) -> nn.Module:
    """The network with every prepared part in int8, by the ranges that its observers saw."""
    for path in plan.parts:
        observed = prepared.get_submodule(path)
        assert isinstance(observed, fx.GraphModule)
        prepared = replaced(prepared, path, convert_fx(observed))
    return prepared.eval()


def is_quantized(network: nn.Module) -> bool:
    """Whether any module has int8 weights."""
    return any("quantized" in type(m).__module__ and hasattr(m, "weight") for m in network.modules())
