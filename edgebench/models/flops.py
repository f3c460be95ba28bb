"""The number of multiply-adds (MACs) that a network needs for one record: a right number, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebench.core.errors import Uncounted, first_line

if TYPE_CHECKING:
    from torch import nn


def macs(network: nn.Module, *shapes: tuple[int, ...]) -> int:
    """MACs of one record whose inputs have these shapes.

    Counted are convolutions, products of matrices and vectors, also those of attention and of recurrent layers, and
    products of each value with each other one. Products of single values, additions, normalisation, activations,
    pooling and interpolation are omitted, as is usual. The network has to be in eval mode; it runs on the device that
    holds it.

    Raises Uncounted where it uses an operator whose products nobody knows, or where the operations depend on the values
    of the record: the sum would be too small, or hold for one record only.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from edgebench.models.forward_pass import watched
    from edgebench.models.mac_counter import Counter

    if any("mkldnn" in str(getattr(module, "graph", "")).lower() for module in network.modules()):
        raise Uncounted("it holds a compiled graph, whose products cannot be seen")
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    record = [torch.zeros(1, *shape, device=device) for shape in shapes]
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # attention as its single products, which the counter knows
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), watched(*record) as found, Counter() as counter:
            network(*record)
    except Uncounted:
        raise
    except Exception as error:  # a network's own code may raise anything
        raise Uncounted(f"a record of zeros cannot be computed: {type(error).__name__}: {first_line(error)}") from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    if dependent := [f for f in found if f.kind != "random"]:
        raise Uncounted(f"the operations depend on the values of the record ({dependent[0]})")
    return int(counter.macs)
