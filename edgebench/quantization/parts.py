"""The parts of a network that FX can trace, and how they are put back."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, fx, nn

from edgebench.core.errors import first_line

QUANTIZABLE = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


@dataclass
class Plan:
    """Which modules are quantized and which stay in float, with the reason; paths as in `named_modules`."""

    parts: list[str] = field(default_factory=list)
    """Modules that FX can trace; together they hold what is quantized."""
    floats: dict[str, str] = field(default_factory=dict)

    def leave_out(self) -> None:
        """Drop the parts that stay in float as a whole, or stand inside of a module that does."""
        self.parts = [
            part for part in self.parts
            if not any(not path or part == path or part.startswith(f"{path}.") for path in self.floats)
        ]  # fmt: skip

    @property
    def label(self) -> tuple[str, ...]:
        """What stays in float, one sentence each."""
        return tuple(f"{path or 'the whole'}: {why}" for path, why in self.floats.items())


def find_parts(module: nn.Module, path: str, plan: Plan) -> None:
    """Take the largest modules that FX can trace; where one cannot be traced, look at its children."""
    if not any(isinstance(m, QUANTIZABLE) for m in module.modules()):
        return
    try:
        fx.Tracer().trace(module)
    except Exception as error:  # tracing runs the module's code, which may raise anything
        children = list(module.named_children())
        if not children:
            plan.floats[path] = f"FX cannot trace it ({short(error)})"
        for name, child in children:
            find_parts(child, f"{path}.{name}" if path else name, plan)
    else:
        plan.parts.append(path)


def inputs_of(network: nn.Module, paths: list[str], records: Tensor) -> dict[str, tuple[Tensor, ...]]:
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


def replaced(network: nn.Module, path: str, part: nn.Module) -> nn.Module:
    """The network with another module at a path; at the empty one, that module itself."""
    if not path:
        return part
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, part)
    return network


def relative(name: str, part: str) -> str:
    """The path of a module as seen from a part."""
    return name.removeprefix(f"{part}.") if part else name


def short(error: BaseException) -> str:
    """What an exception says, on one line of at most 160 characters."""
    text = first_line(error)
    return text if len(text) <= 160 else text[:157] + "..."
