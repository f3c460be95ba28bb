"""The error that int8 of each module alone causes: one module is rounded to the int8 grid, the rest stays in float."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn
from torch.ao import quantization as ao
from torch.ao.quantization.quantize_fx import prepare_qat_fx

from edgebench.core.contracts import Progress
from edgebench.core.errors import Unsupported
from edgebench.isolation import interrupts
from edgebench.quantization.engines import engine_set
from edgebench.quantization.float_modules import OTHER_OPERATORS, float_modules, float_operators
from edgebench.quantization.fx import BATCH, part_of
from edgebench.quantization.observers import limited, mapping, qconfig, qconfig_of
from edgebench.quantization.partition import QUANTIZABLE, Partition, find_parts, inputs_of, replaced, short_message

Agree = Callable[[NDArray[np.float32], NDArray[np.float32]], float]


@dataclass(frozen=True)
class Sensitivity:
    """The change of the network's outputs when one module's weights, inputs and outputs are rounded to int8."""

    module: str
    agreement: float
    """Share of the answers that are the same as in float, as the task counts them."""
    error: float
    """Root of the mean squared difference of the logits."""
    parameters: int


def sensitivities(
    network: nn.Module, engine: str, signals: NDArray[np.float32], agree: Agree,
    options: Mapping[str, str], progress: Progress | None = None,
) -> list[Sensitivity]:  # fmt: skip
    """The sensitivity of each module that int8 would quantize, the most sensitive first.

    `signals` are raw records; `agree` says in which share of the answers two outputs (records, outputs) agree. One
    entry, `OTHER_OPERATORS`, is for all operators that are neither a convolution nor a linear layer. Fake quantization
    with the engine's observers simulates the rounding, so that each module can be rounded alone.

    Raises Unsupported where the network cannot be simulated.
    """
    records = torch.from_numpy(signals)
    with engine_set(engine), torch.no_grad():
        try:
            whole, parts = _simulated(network, engine, records, options)
        except (AssertionError, KeyError, NotImplementedError, RuntimeError) as error:
            raise Unsupported(
                f"int8 of this network cannot be simulated for {engine}: {short_message(error)}"
            ) from None
        modules = _roundings(network, whole, parts)
        if others := _other_roundings(whole, modules):
            modules[OTHER_OPERATORS] = others
        dense = _logits(whole, records)
        found = []
        for done, (path, roundings) in enumerate(modules.items()):
            interrupts.check()
            for rounding in roundings:
                rounding.enable_fake_quant()
            logits = _logits(whole, records)
            for rounding in roundings:
                rounding.disable_fake_quant()
            agreement = agree(logits.numpy(), dense.numpy())
            distance = float((logits - dense).square().mean().sqrt())
            count = 0 if path == OTHER_OPERATORS else sum(p.numel() for p in network.get_submodule(path).parameters())
            found.append(Sensitivity(path, agreement, distance, count))
            if progress:
                progress(done + 1, len(modules))
    return sorted(found, key=lambda s: (s.agreement, -s.error))


def _simulated(
    network: nn.Module, engine: str, records: Tensor, options: Mapping[str, str]
) -> tuple[nn.Module, list[str]]:
    """The network with calibrated fake quantizations, all of them disabled, and the parts that have any."""
    partition = Partition(floats={**float_modules(network), **float_operators(network, options)})
    whole = copy.deepcopy(network).eval()
    find_parts(whole, "", partition)
    partition.drop_float_parts()
    inputs = inputs_of(whole, partition.parts, records[:1])
    observers = qconfig(engine, options)
    rounding = qconfig_of(*(_fake_quantization(observer) for observer in (observers.activation, observers.weight)))
    for path in partition.parts:
        config = limited(mapping(engine, {}).set_global(rounding), partition.floats)
        whole = replaced(whole, path, prepare_qat_fx(part_of(whole, path, config, partition), config, inputs[path]))
    whole.eval()
    whole.apply(ao.disable_fake_quant)
    _logits(whole, records)
    whole.apply(ao.disable_observer)
    return whole, partition.parts


def _fake_quantization(observer: Any) -> Any:
    return ao.FakeQuantize.with_args(observer=observer)  # type: ignore[no-untyped-call]


def _roundings(network: nn.Module, whole: nn.Module, parts: list[str]) -> dict[str, list[ao.FakeQuantizeBase]]:
    """The fake quantizations of each module's weights, inputs and outputs, by its path in the original network."""
    wrapped = {part for part in parts if isinstance(network.get_submodule(part), QUANTIZABLE)}  # by `part_of`
    found: dict[str, list[ao.FakeQuantizeBase]] = {}
    for part in parts:
        graph = whole.get_submodule(part)
        assert isinstance(graph, fx.GraphModule)
        for node in graph.graph.nodes:
            if node.op != "call_module":
                continue
            module = graph.get_submodule(str(node.target))
            weight = getattr(module, "weight_fake_quant", None)
            if weight is None:
                continue
            around = [graph.get_submodule(str(n.target)) for n in (*node.all_input_nodes, *node.users)
                      if n.op == "call_module"]  # fmt: skip
            found[part if part in wrapped else ".".join(filter(None, (part, str(node.target))))] = [
                weight,
                *(m for m in around if isinstance(m, ao.FakeQuantizeBase)),
            ]
    return found


def _other_roundings(whole: nn.Module, modules: Mapping[str, list[ao.FakeQuantizeBase]]) -> list[ao.FakeQuantizeBase]:
    """The fake quantizations that are at no module's weights, inputs or outputs."""
    known = {id(rounding) for roundings in modules.values() for rounding in roundings}
    return [m for m in whole.modules() if isinstance(m, ao.FakeQuantizeBase) and id(m) not in known]


def _logits(network: nn.Module, records: Tensor) -> Tensor:
    return torch.cat([network(batch) for batch in torch.split(records, BATCH)])
