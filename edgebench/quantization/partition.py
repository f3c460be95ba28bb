"""The partition of a network into parts that FX can trace, and the replacement of a part."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, fx, nn

from edgebench.core.errors import first_line
from edgebench.quantization.operators import Operator, Scale

QUANTIZABLE = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


@dataclass
class Partition:
    """The parts that are quantized, and the modules that stay in float; paths as in `named_modules`."""

    parts: list[str] = field(default_factory=list)
    """Modules that FX can trace; together they contain every quantized module."""
    floats: dict[str, str] = field(default_factory=dict)
    """Modules that stay in float, each with the reason."""
    operators: dict[Operator, str] = field(default_factory=dict)
    """Single operators that stay in float, each with the reason."""
    scales: dict[str, dict[Scale, list[Operator]]] = field(default_factory=dict)
    """By part: the operators whose results have a scale and a zero point, to find one again in the converted graph."""

    def drop_float_parts(self) -> None:
        """Remove the parts that stay in float, by themselves or inside a module that does."""
        self.parts = [
            part for part in self.parts
            if not any(not path or part == path or part.startswith(f"{path}.") for path in self.floats)
        ]  # fmt: skip

    @property
    def float_parts(self) -> tuple[str, ...]:
        """The modules that stay in float, each as `path: reason`."""
        operators = (f"{operator}: {why}" for operator, why in self.operators.items())
        return (*(f"{path or 'the whole network'}: {why}" for path, why in self.floats.items()), *operators)


def find_parts(module: nn.Module, path: str, partition: Partition) -> None:
    """Add the largest modules that FX can trace; replaces a module that it cannot trace by its children."""
    if not any(isinstance(m, QUANTIZABLE) for m in module.modules()):
        return
    try:
        fx.Tracer().trace(module)
    except Exception as error:  # tracing runs the module's code, which may raise anything
        children = list(module.named_children())
        if not children:
            partition.floats[path] = f"FX cannot trace it ({short_message(error)})"
        for name, child in children:
            find_parts(child, f"{path}.{name}" if path else name, partition)
    else:
        partition.parts.append(path)


def inputs_of(network: nn.Module, paths: list[str], records: Tensor) -> dict[str, tuple[Tensor, ...]]:
    """The inputs of each module in a forward pass of these records."""
    found: dict[str, tuple[Tensor, ...]] = {}
    handles = [
        network.get_submodule(p).register_forward_pre_hook(lambda _, args, p=p: found.__setitem__(p, args))
        for p in paths
    ]
    network(records)
    for handle in handles:
        handle.remove()
    return found


def replaced(network: nn.Module, path: str, part: nn.Module) -> nn.Module:
    """The network with another module at a path; at the empty path, that module itself."""
    if not path:
        return part
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, part)
    return network


def relative(name: str, part: str) -> str:
    """The path of a module relative to a part."""
    return name.removeprefix(f"{part}.") if part else name


def short_message(error: BaseException) -> str:
    """The first line of an exception's message, at most 160 characters."""
    text = first_line(error)
    return text if len(text) <= 160 else text[:157] + "..."
