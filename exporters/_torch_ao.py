"""torch.ao's quantization: FX graph mode (static) and dynamic. The only module that touches it.

It is announced for removal, works in the pinned range of torch, and its warnings are quieted here.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization import quantize_dynamic as dynamic
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

from edgebench.errors import Unsupported, first_line

from ._float import kept_in_float

BATCH = 16
QUANTIZABLE = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


@dataclass
class Plan:
    """Which modules are quantized and which stay in float, with the reason; paths as in `named_modules`."""

    parts: list[str] = field(default_factory=list)
    """Modules that FX can trace; together they hold what is quantized."""
    floats: dict[str, str] = field(default_factory=dict)


@contextmanager
def engine_set(engine: str) -> Iterator[None]:
    """Run a block under one quantized engine, without torch.ao's warnings; raises Unsupported where it is missing."""
    if engine not in torch.backends.quantized.supported_engines:
        raise Unsupported(f"this torch has no quantized engine '{engine}'")
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.quantized.engine = before


def quantize_static(network: nn.Module, engine: str, signals: NDArray[np.float32]) -> tuple[nn.Module, tuple[str, ...]]:
    """Quantize weights and activations to int8 for one engine; returns the network and what stayed in float.

    What FX cannot trace, and what the engine refuses to run (QNNPACK does for some scales), stays in float; the rest
    is tried again without it. Raises Unsupported where nothing is left to quantize.
    """
    records = torch.from_numpy(signals)
    with engine_set(engine), torch.no_grad():
        plan = Plan(floats=kept_in_float(network))
        _find_parts(network.eval(), "", plan)
        while True:
            quantized = _convert(network, engine, records, plan)
            if not _is_quantized(quantized):
                kept = kept_in_float(network)
                reasons = [why for path, why in plan.floats.items() if path not in kept]
                reason = next(iter(reasons), "it has no convolution or linear layer")
                raise Unsupported(f"nothing can be quantized for {engine}: {reason}")
            refused = _first_refused(quantized, records[:BATCH], plan)
            if refused is None:
                return quantized, tuple(f"{path or 'the whole'}: {why}" for path, why in plan.floats.items())
            plan.floats[refused[0]] = refused[1]


def quantize_dynamic(network: nn.Module, engine: str) -> tuple[nn.Module, tuple[str, ...]]:
    """Quantize the weights of linear and recurrent layers; activations are quantized at run time.

    Raises Unsupported where there is no such layer.
    """
    kinds = {nn.Linear, nn.LSTM, nn.GRU}
    with engine_set(engine):
        if not any(type(m) in kinds for m in network.modules()):
            raise Unsupported("the network has no linear or recurrent layer")
        quantized: nn.Module = dynamic(network, kinds, dtype=torch.qint8)  # type: ignore[no-untyped-call]
    left = [n for n, m in network.named_modules() if isinstance(m, QUANTIZABLE) and type(m) not in kinds]
    return quantized, tuple(f"{name}: dynamic quantization has no kernel for it" for name in left)


def _find_parts(module: nn.Module, path: str, plan: Plan) -> None:
    """Take the largest modules that FX can trace; where one cannot be traced, look at its children."""
    if not any(isinstance(m, QUANTIZABLE) for m in module.modules()):
        return
    try:
        fx.Tracer().trace(module)
    except Exception as error:  # tracing runs the module's code, which may raise anything
        children = list(module.named_children())
        if not children:
            plan.floats[path] = f"FX cannot trace it ({_short(error)})"
        for name, child in children:
            _find_parts(child, f"{path}.{name}" if path else name, plan)
    else:
        plan.parts.append(path)


def _convert(network: nn.Module, engine: str, records: Tensor, plan: Plan) -> nn.Module:
    """Prepare, calibrate and convert every part, leaving the rest of the network as it is."""
    whole = copy.deepcopy(network)
    inputs = _inputs_of(whole, plan.parts, records[:1])
    for path in plan.parts:
        mapping = get_default_qconfig_mapping(engine)
        for name in plan.floats:
            mapping.set_module_name(_relative(name, path), None)
        part = whole.get_submodule(path)
        if isinstance(part, QUANTIZABLE):
            part = nn.Sequential(part)  # FX quantizes modules inside a graph, not a module that is the graph
        whole = _replaced(whole, path, prepare_fx(part, mapping, inputs[path]))
    for start in range(0, len(records), BATCH):
        whole(records[start : start + BATCH])
    for path in plan.parts:
        observed = whole.get_submodule(path)
        assert isinstance(observed, fx.GraphModule)
        whole = _replaced(whole, path, convert_fx(observed))
    return whole.eval()


def _first_refused(quantized: nn.Module, records: Tensor, plan: Plan) -> tuple[str, str] | None:
    """Run the network; where the engine refuses an operator, the path of the module around it and the reason."""
    for path in plan.parts:
        part = quantized.get_submodule(path)
        assert isinstance(part, fx.GraphModule)
        finder = _Finder(part)
        handle = part.register_forward_pre_hook(lambda _, args, f=finder: f.examine(*args))
        try:
            quantized(records)
        except _RefusedError as refused:
            name = refused.module
            if not name:
                plan.parts.remove(path)
                return path, f"{refused}"
            return (f"{path}.{name}" if path else name), f"{refused}"
        finally:
            handle.remove()
    return None


class _RefusedError(Exception):
    def __init__(self, module: str, reason: str) -> None:
        super().__init__(reason)
        self.module = module


class _Finder(fx.Interpreter):
    """Runs a converted graph node by node, and tells in which module of the original network one fails."""

    def examine(self, *args: Tensor) -> None:
        self.run(*args)

    def run_node(self, n: fx.Node) -> object:
        try:
            return super().run_node(n)
        except RuntimeError as error:
            raise _RefusedError(_module_around(n), f"the engine refuses '{n.name}' ({_short(error)})") from error


def _module_around(node: fx.Node) -> str:
    """For a module its own path; for an operator the block that its nearest input module stands in."""
    if node.op == "call_module":
        return str(node.target)
    queue = list(node.all_input_nodes)
    while queue:
        near = queue.pop(0)
        if near.op == "call_module":
            return str(near.target).rpartition(".")[0]
        queue += near.all_input_nodes
    return ""


def _inputs_of(network: nn.Module, paths: list[str], records: Tensor) -> dict[str, tuple[Tensor, ...]]:
    """What each module gets when the network sees these records."""
    found: dict[str, tuple[Tensor, ...]] = {}
    handles = [
        network.get_submodule(p).register_forward_pre_hook(lambda _, args, p=p: found.__setitem__(p, args))
        for p in paths
    ]
    network(records)
    for handle in handles:
        handle.remove()
    return found


def _replaced(network: nn.Module, path: str, part: nn.Module) -> nn.Module:
    if not path:
        return part
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, part)
    return network


def _relative(name: str, part: str) -> str:
    return name.removeprefix(f"{part}.") if part else name


def _is_quantized(network: nn.Module) -> bool:
    return any("quantized" in type(m).__module__ and hasattr(m, "weight") for m in network.modules())


def _short(error: BaseException) -> str:
    text = first_line(error)
    return text if len(text) <= 160 else text[:157] + "..."
