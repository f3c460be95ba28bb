"""How much each module alone loses by int8: the network in float, one module at a time rounded to int8's grid."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn
from torch.ao import quantization as ao
from torch.ao.quantization.quantize_fx import prepare_qat_fx

from edgebench.core.errors import Unsupported
from edgebench.quantization.engines import engine_set
from edgebench.quantization.fx import BATCH, part_of
from edgebench.quantization.keep import BETWEEN, between, kept_in_float
from edgebench.quantization.observers import limited, mapping, qconfig, qconfig_of
from edgebench.quantization.parts import QUANTIZABLE, Plan, find_parts, inputs_of, replaced, short

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Sensitivity:
    """What rounding one module's weights, inputs and outputs to int8 does to the network's answers."""

    module: str
    agreement: float
    """Share of the decisions (record by class) that stay as they are in float."""
    error: float
    """Root of the mean squared difference of the logits."""
    parameters: int


def sensitivities(
    network: nn.Module, engine: str, signals: NDArray[np.float32], thresholds: Sequence[float],
    options: Mapping[str, str], progress: Progress | None = None,
) -> list[Sensitivity]:  # fmt: skip
    """Each module that int8 would take, from the most sensitive; by records (records, leads, samples) in mV.

    What int8 takes beside convolutions and linear layers is one line of its own, `BETWEEN`.

    The rounding is simulated (fake quantization with the engine's observers): so one module can be looked at alone.
    """
    records = torch.from_numpy(signals)
    bounds = torch.logit(torch.tensor(thresholds, dtype=torch.float32))
    with engine_set(engine), torch.no_grad():
        try:
            whole, parts = _simulated(network, engine, records, options)
        except (AssertionError, KeyError, NotImplementedError, RuntimeError) as error:
            raise Unsupported(f"int8 of this network cannot be simulated for {engine}: {short(error)}") from None
        modules = _roundings(network, whole, parts)
        if others := _between(whole, modules):
            modules[BETWEEN] = others
        dense = _logits(whole, records)
        found = []
        for done, (path, roundings) in enumerate(modules.items()):
            for rounding in roundings:
                rounding.enable_fake_quant()
            logits = _logits(whole, records)
            for rounding in roundings:
                rounding.disable_fake_quant()
            agreement = float(((logits >= bounds) == (dense >= bounds)).float().mean())
            distance = float((logits - dense).square().mean().sqrt())
            count = 0 if path == BETWEEN else sum(p.numel() for p in network.get_submodule(path).parameters())
            found.append(Sensitivity(path, agreement, distance, count))
            if progress:
                progress(done + 1, len(modules))
    return sorted(found, key=lambda s: (s.agreement, -s.error))


def _simulated(
    network: nn.Module, engine: str, records: Tensor, options: Mapping[str, str]
) -> tuple[nn.Module, list[str]]:
    """The network with its roundings calibrated and switched off, and the parts that have any."""
    plan = Plan(floats={**kept_in_float(network), **between(network, options)})
    whole = copy.deepcopy(network).eval()
    find_parts(whole, "", plan)
    plan.leave_out()
    inputs = inputs_of(whole, plan.parts, records[:1])
    observers = qconfig(engine, options)
    rounding = qconfig_of(*(_rounding_with(observer) for observer in (observers.activation, observers.weight)))
    for path in plan.parts:
        config = limited(mapping(engine, {}).set_global(rounding), plan.floats)
        whole = replaced(whole, path, prepare_qat_fx(part_of(whole, path, config, plan), config, inputs[path]))
    whole.eval()
    whole.apply(ao.disable_fake_quant)
    _logits(whole, records)
    whole.apply(ao.disable_observer)
    return whole, plan.parts


def _rounding_with(observer: Any) -> Any:
    return ao.FakeQuantize.with_args(observer=observer)  # type: ignore[no-untyped-call]


def _roundings(network: nn.Module, whole: nn.Module, parts: list[str]) -> dict[str, list[ao.FakeQuantizeBase]]:
    """By path in the original network: the roundings of a module's weights, inputs and outputs."""
    alone = {part for part in parts if isinstance(network.get_submodule(part), QUANTIZABLE)}  # inside a container now
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
            found[part if part in alone else ".".join(filter(None, (part, str(node.target))))] = [
                weight,
                *(m for m in around if isinstance(m, ao.FakeQuantizeBase)),
            ]
    return found


def _between(whole: nn.Module, modules: Mapping[str, list[ao.FakeQuantizeBase]]) -> list[ao.FakeQuantizeBase]:
    """The roundings that no module has at its weights, its inputs or its outputs."""
    known = {id(rounding) for roundings in modules.values() for rounding in roundings}
    return [m for m in whole.modules() if isinstance(m, ao.FakeQuantizeBase) and id(m) not in known]


def _logits(network: nn.Module, records: Tensor) -> Tensor:
    return torch.cat([network(records[i : i + BATCH]) for i in range(0, len(records), BATCH)])
