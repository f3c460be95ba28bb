"""Single functions of a network's code, such as one sum, that can stay in float among int8."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import fx, nn

Scale = tuple[float, int]
"""Scale and zero point of a quantized result."""
RELUS = (torch.relu, nn.functional.relu)


@dataclass(frozen=True)
class Operator:
    """A call of a function in a module's code, by the place at which FX finds it again."""

    part: str
    module: str
    """The path of the module within the part."""
    function: Callable[..., object]
    index: int
    """How many calls of the same function stand before it in that module."""

    def __str__(self) -> str:
        path = ".".join(p for p in (self.part, self.module) if p)
        return f"{self.function.__name__} number {self.index + 1} in {path or 'the network'}"


def by_scale(observed: fx.GraphModule, part: str) -> dict[Scale, list[Operator]]:
    """The functions of a calibrated graph by the scale of their results, or of a ReLU of these.

    The converted graph does not say from which function an operator comes; its scale does.
    """
    found = defaultdict[Scale, list[Operator]](list)
    scopes = observed.meta["_observed_graph_module_attrs"].node_name_to_scope
    counts = Counter[tuple[str, object]]()
    for node in observed.graph.nodes:
        if node.op == "call_function" and node.name in scopes:
            module, function = scopes[node.name][0], node.target
            if (scale := _scale_after(node, observed)) is not None:
                found[scale].append(Operator(part, module, function, counts[module, function]))
            counts[module, function] += 1
    return dict(found)


def with_scale(node: fx.Node, graph: fx.GraphModule) -> Scale | None:
    """The scale of a converted operator's result, which stands last among its arguments; None where it has none."""
    if node.op != "call_function" or len(node.args) < 2:
        return None
    values = [getattr(graph, str(a.target), None) if isinstance(a, fx.Node) else a for a in node.args[-2:]]
    if not all(isinstance(v, float | int | torch.Tensor) for v in values):
        return None
    scale, zero = (float(v) for v in values)  # type: ignore[arg-type]
    return scale, int(zero)


def _scale_after(node: fx.Node, observed: fx.GraphModule, relu: bool = True) -> Scale | None:
    for user in node.users:
        after = observed.get_submodule(str(user.target)) if user.op == "call_module" else user.target
        if (qparams := getattr(after, "calculate_qparams", None)) is not None:
            scale, zero = qparams()
            return (float(scale), int(zero)) if scale.numel() == 1 else None
        if relu and (isinstance(after, nn.ReLU) or after in RELUS):
            return _scale_after(user, observed, relu=False)
    return None
