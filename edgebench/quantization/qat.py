"""Quantization-aware training: a network that is trained with its weights and activations rounded to int8's grid.

Rounding passes gradients on as if it was not there (Jacob et al., 2018, arXiv:1712.05877), so that the weights settle
where int8 can tell them apart.
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
from edgebench.quantization.engines import engine_set
from edgebench.quantization.keep import between, kept_in_float
from edgebench.quantization.observers import REDUCED, limited, mapping_of_training
from edgebench.quantization.parts import Plan, find_parts, inputs_of, replaced, short
from edgebench.quantization.refusal import first_refused

FREEZE_OBSERVERS = 0.5
"""Share of the steps after which ranges stay."""
FREEZE_NORMS = 0.7
"""Share of the steps after which the statistics of batch normalisation stay, as at inference."""


class QuantizationAware(nn.Module):
    """A network whose parts round their weights and activations as the engine's int8 will."""

    def __init__(self, network: nn.Module, plan: Plan, engine: str) -> None:
        super().__init__()
        self.network, self.plan, self.engine = network, plan, engine

    def forward(self, signals: Tensor) -> Tensor:
        """(batch, leads, samples) in mV to logits (batch, classes)."""
        logits: Tensor = self.network(signals)
        return logits

    def train(self, mode: bool = True) -> QuantizationAware:
        """Set the mode; out of training, ranges stay whatever is predicted (torch's observers would go on looking)."""
        super().train(mode)
        if not mode:
            self.apply(ao.disable_observer)
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """What `restored` needs beside the weights."""
        return {"engine": self.engine, "floats": dict(self.plan.floats)}


def prepared(network: nn.Module, engine: str, signals: NDArray[np.float32]) -> QuantizationAware:
    """A copy of a trained network, ready to be trained on; its first ranges are those of these records, in mV.

    What the engine refuses to run stays in float. Raises Unsupported where nothing is left.
    """
    records = torch.from_numpy(signals)
    floats = {**kept_in_float(network), **between(network, {})}
    while True:
        found = restored(network, {"engine": engine, "floats": floats}, tuple(signals.shape[1:]))
        # As it will compute: normalisation by its statistics, and nothing dropped.
        found.train().apply(fused.freeze_bn_stats)
        for module in found.modules():
            if isinstance(module, (_BatchNorm, _DropoutNd)):
                module.eval()
        found.apply(ao.enable_observer)
        with torch.no_grad():
            for start in range(0, len(records), fx.BATCH):
                found(records[start : start + fx.BATCH])
        found.apply(fused.update_bn_stats)
        refused = _refused(found.eval(), records[: fx.BATCH])
        if refused is None:
            return found
        if refused[0] in floats:
            raise Unsupported(f"nothing can be quantized for {engine}: {refused[1]}")
        floats = {**floats, refused[0]: refused[1]}


def restored(network: nn.Module, settings: Mapping[str, Any], shape: tuple[int, ...]) -> QuantizationAware:
    """The network with its roundings, whose ranges are not set yet; raises Unsupported where there is nothing to."""
    plan = Plan(floats=dict(settings["floats"]))
    engine = str(settings["engine"])
    whole = copy.deepcopy(network).eval()
    with engine_set(engine):
        # An image's network is trained on windows: what picks them must not be frozen into a graph.
        modules = dict(whole.named_modules())
        for path in getattr(whole, "window_parts", ("",)):
            if path in modules:
                find_parts(modules[path], path, plan)
        plan.leave_out()
        if not plan.parts:
            why = plan.floats.get("", "it has no convolution or linear layer")
            raise Unsupported(f"nothing can be quantized for {engine}: {why}")
        with torch.no_grad():
            inputs = inputs_of(whole, plan.parts, torch.zeros(2, *shape))
        # Normalisation is fused into its convolution in training mode. What is not torch's own would be traced as it
        # is in training (a random path, say), and stay so; it is traced as at inference.
        for module in whole.modules():
            module.training = type(module).__module__.startswith("torch.nn")
        for path in plan.parts:
            config = limited(mapping_of_training(engine), plan.floats)
            whole = replaced(whole, path, prepare_qat_fx(fx.part_of(whole, path, config, plan), config, inputs[path]))
    return QuantizationAware(whole.eval(), plan, engine)


def freeze(network: nn.Module, share: float) -> None:
    """Stop what has to settle: the ranges, and later the statistics of normalisation, after that share of the steps."""
    for module in network.modules():
        if isinstance(module, QuantizationAware):
            module.apply(ao.disable_observer if share >= FREEZE_OBSERVERS else ao.enable_observer)
            module.apply(fused.freeze_bn_stats if share >= FREEZE_NORMS else fused.update_bn_stats)
            for norm in module.modules():  # those that are not fused into a convolution too
                if isinstance(norm, _BatchNorm) and share >= FREEZE_NORMS:
                    norm.eval()


def converted(network: QuantizationAware, engine: str, records: Tensor) -> tuple[nn.Module, tuple[str, ...]]:
    """The trained network in int8 for an engine; returns it and what stayed in float.

    It is tried on `records` (records, leads, samples), in mV. Raises Unsupported where the engine cannot run it.
    """
    if engine in REDUCED and network.engine not in REDUCED:
        raise Unsupported(
            f"trained for {network.engine}, with 8 bits of activation: sums of {engine} saturate where the processor "
            "lacks VNNI; take variant qat"
        )
    whole = copy.deepcopy(network.network).eval()
    with engine_set(engine), torch.no_grad():
        try:
            quantized = fx.converted(whole, network.plan)
        except RuntimeError as error:
            raise Unsupported(f"trained for {network.engine}; {engine} cannot run it: {short(error)}") from None
        refused = first_refused(quantized, records, copy.deepcopy(network.plan))
        if refused:
            raise Unsupported(f"trained for {network.engine}; {engine} cannot run it: {refused[1]} ({refused[0]})")
    return quantized, network.plan.label


def _refused(network: QuantizationAware, records: Tensor) -> tuple[str, str] | None:
    with engine_set(network.engine), torch.no_grad():
        quantized = fx.converted(copy.deepcopy(network.network).eval(), network.plan)
        if not fx.is_quantized(quantized):
            raise Unsupported(f"nothing can be quantized for {network.engine}")
        return first_refused(quantized, records, network.plan)
