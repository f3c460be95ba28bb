"""What a quantized engine refuses to run: QNNPACK does so for some scales."""

from __future__ import annotations

from torch import Tensor, fx, nn

from edgebench.quantization.parts import Plan, short


def first_refused(quantized: nn.Module, records: Tensor, plan: Plan) -> tuple[str, str] | None:
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
            raise _RefusedError(_module_around(n), f"the engine refuses '{n.name}' ({short(error)})") from error


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
