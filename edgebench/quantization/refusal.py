"""Find the operators that a quantized engine refuses to run; QNNPACK refuses some scales."""

from __future__ import annotations

from torch import Tensor, fx, nn

from edgebench.quantization.operators import Operator, Scale, with_scale
from edgebench.quantization.partition import Partition, short_message

OUT_OF_RANGE = "createStatus == pytorch_qnnp_status_success"
"""What QNNPACK's message holds where it does not take the scales of an operator."""


def first_refused(quantized: nn.Module, records: Tensor, partition: Partition) -> tuple[str | Operator, str] | None:
    """What the engine refuses first, and the reason; None if it runs all.

    It is a single operator where the calibrated graph says which (`partition.scales`), else the path of the innermost
    module around it.
    """
    handles = []
    for path in partition.parts:  # all at once: a pass would end at the first part that is refused, watched or not
        part = quantized.get_submodule(path)
        assert isinstance(part, fx.GraphModule)
        finder = _Finder(part, path)
        handles.append(part.register_forward_pre_hook(lambda _, args, f=finder: f.examine(*args)))
    try:
        quantized(records)
    except _RefusedError as refused:
        known = partition.scales.get(refused.part, {}).get(refused.scale, []) if refused.scale else []
        if single := next((one for one in known if one not in partition.operators), None):
            return single, refused.reason
        paths = [f"{refused.part}.{name}" if refused.part else name for name in refused.modules]
        module = next((p for p in paths if p not in partition.floats), None)
        if module is None:
            partition.parts.remove(refused.part)
            return refused.part, refused.reason
        return module, refused.reason
    finally:
        for handle in handles:
            handle.remove()
    return None


class _RefusedError(Exception):
    def __init__(self, part: str, modules: list[str], scale: Scale | None, reason: str) -> None:
        super().__init__(reason)
        # fx.Interpreter appends its place in the graph to the exception's text.
        self.part, self.modules, self.scale, self.reason = part, modules, scale, reason


class _Finder(fx.Interpreter):
    """Runs a converted graph node by node, and reports the module of the original network in which a node fails."""

    def __init__(self, part: fx.GraphModule, path: str) -> None:
        super().__init__(part)
        self._path = path

    def examine(self, *args: Tensor) -> None:
        self.run(*args)

    def run_node(self, n: fx.Node) -> object:
        try:
            return super().run_node(n)
        except RuntimeError as error:
            cause = "its scales are too far apart" if OUT_OF_RANGE in str(error) else short_message(error)
            scale = with_scale(n, self.module)  # type: ignore[arg-type]
            raise _RefusedError(
                self._path, _modules_around(n), scale, f"the engine refuses '{n.name}' ({cause})"
            ) from error


def _modules_around(node: fx.Node) -> list[str]:
    """Paths of the modules that may contain a node, the innermost first.

    A module contains itself. The converted graph does not say which module an operator comes from; the innermost
    candidate is the parent of the last module that the operator depends on.
    """
    path = str(node.target)
    if node.op != "call_module":
        inputs, queue = set[fx.Node](), list(node.all_input_nodes)
        while queue:
            node_before = queue.pop()
            if node_before not in inputs:
                inputs.add(node_before)
                queue += node_before.all_input_nodes
        last = next((n for n in reversed(node.graph.nodes) if n in inputs and n.op == "call_module"), None)
        path = str(last.target).rpartition(".")[0] if last else ""
    parts = path.split(".") if path else []
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
