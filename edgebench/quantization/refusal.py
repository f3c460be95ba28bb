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
            paths = [f"{path}.{name}" if path else name for name in refused.modules]
            found = next((p for p in paths if p not in plan.floats), None)
            if found is None:
                plan.parts.remove(path)
                return path, refused.reason
            return found, refused.reason
        finally:
            handle.remove()
    return None


class _RefusedError(Exception):
    def __init__(self, modules: list[str], reason: str) -> None:
        super().__init__(reason)
        # The interpreter writes where in the graph it was into the exception's text.
        self.modules, self.reason = modules, reason


class _Finder(fx.Interpreter):
    """Runs a converted graph node by node, and tells in which module of the original network one fails."""

    def examine(self, *args: Tensor) -> None:
        self.run(*args)

    def run_node(self, n: fx.Node) -> object:
        try:
            return super().run_node(n)
        except RuntimeError as error:
            raise _RefusedError(_modules_around(n), f"the engine refuses '{n.name}' ({short(error)})") from error


def _modules_around(node: fx.Node) -> list[str]:
    """Paths of the modules that a node may stand in, the innermost first.

    A module stands in itself. Of an operator the converted graph does not tell; it is taken to stand where the last
    module before it that it depends on does, or further out.
    """
    path = str(node.target)
    if node.op != "call_module":
        feeds, queue = set[fx.Node](), list(node.all_input_nodes)
        while queue:
            near = queue.pop()
            if near not in feeds:
                feeds.add(near)
                queue += near.all_input_nodes
        last = next((n for n in reversed(node.graph.nodes) if n in feeds and n.op == "call_module"), None)
        path = str(last.target).rpartition(".")[0] if last else ""
    parts = path.split(".") if path else []
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
