"""Shared code of the ExecuTorch exporters: a captured network as a .pte file, computed by XNNPACK where it can."""

from __future__ import annotations

from collections import Counter
from typing import Any

from torch import nn

from edgebench.core.errors import Unsupported, first_line
from edgebench.core.protocols import ExportTask


def write(module: nn.Module, task: ExportTask) -> dict[str, Any]:
    """Write model.pte for one record a call; returns the fields of `Exported` that this decides. Raises Unsupported."""
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.devtools.backend_debug import get_delegation_info
    from executorch.exir import to_edge_transform_and_lower

    from edgebench.quantization.pt2e import quiet

    path = task.folder / "model.pte"
    try:
        with quiet(), torch.no_grad():
            program = torch.export.export(module, task.zeros(1))
            edge = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
            found = get_delegation_info(edge.exported_program().graph_module)
            content = edge.to_executorch().buffer
    except Exception as error:  # each pass over the graph raises its own kinds
        raise Unsupported(f"ExecuTorch: {type(error).__name__}: {first_line(error)[:300]}") from error
    path.write_bytes(content)
    left = Counter(
        {name: one.non_delegated for name, one in found.delegation_by_operator.items() if one.non_delegated > 0}
    )
    left.pop("getitem", None)  # takes one of several results, and computes nothing
    taken = sum(one.delegated for name, one in found.delegation_by_operator.items() if name != "getitem")
    names = ", ".join(f"{count} {name}" for name, count in left.most_common())
    notes = (f"not computed by XNNPACK, but by ExecuTorch's portable kernels: {names}",) if left else ()
    total = taken + left.total()
    return {"file": path, "fixed_batch": 1, "delegated": taken / total if total else None, "notes": notes}
