"""Unstructured pruning, by torch.nn.utils.prune: a share of the weights becomes zero, and the shapes stay.

The size of a dense file and its latency stay the same; a compressed file becomes smaller.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgebench.compress.spec import parse
from edgebench.core.errors import Unsupported

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.protocols import CompressTask

CHOICES = {"layers": ("conv", "linear", "all"), "scope": ("each", "global")}


@dataclass(frozen=True)
class Unstructured:
    """`NAME-AMOUNT` prunes that share of the weights of each convolution; `-linear` or `-all` prunes other layers.

    With `-global` it is that share of all these layers' weights together, so that some layers lose more than others.
    """

    name: str
    summary: str
    """Its description in the list of variants."""

    def check(self, spec: str) -> None:
        """Raise PlanError where the spec is invalid."""
        parse(spec, self.name, CHOICES)

    def apply(self, network: nn.Module, spec: str, task: CompressTask) -> nn.Module:
        """Return a pruned copy; raises Unsupported where the network has no such layer."""
        import torch
        from torch import nn
        from torch.nn.utils import prune

        found = parse(spec, self.name, CHOICES)
        convolutions, linear = (nn.Conv1d, nn.Conv2d, nn.Conv3d), (nn.Linear,)
        layers = found.options["layers"]
        kinds = {"conv": convolutions, "linear": linear, "all": convolutions + linear}[layers]
        pruned = copy.deepcopy(network)
        chosen = [m for m in pruned.modules() if isinstance(m, kinds)]
        if not chosen:
            other = "linear" if layers == "conv" else "conv"
            raise Unsupported(f"the network has no {layers} layer to prune; try {self.name}-{found.amount:g}-{other}")
        method = prune.L1Unstructured if self.name == "l1" else prune.RandomUnstructured
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(task.seed)
            if found.options["scope"] == "global":
                prune.global_unstructured([(m, "weight") for m in chosen], method, amount=found.amount)
            else:
                for module in chosen:
                    method.apply(module, "weight", amount=found.amount)  # type: ignore[no-untyped-call]
        for module in chosen:
            prune.remove(module, "weight")  # type: ignore[no-untyped-call]
        return pruned


L1 = Unstructured("l1", "`l1-AMOUNT`: zeros in place of that share of each convolution's weights, the smallest ones")
RANDOM = Unstructured("random", "`random-AMOUNT`: the same with random weights, as a baseline for the others")
