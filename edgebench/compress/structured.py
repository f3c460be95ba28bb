"""Structured pruning, by Torch-Pruning (Fang et al., 2023, "DepGraph", arXiv:2301.12900).

Whole channels, the dimensions of attention heads and the width of MLPs are removed, and every layer that depends on
them becomes smaller: the exported file and its latency shrink with the network.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

from edgebench.compress.spec import Spec, parse
from edgebench.core.errors import PlanError, Unsupported
from edgebench.models import flops

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.protocols import CompressTask

CHOICES = {"importance": ("l2", "l1", "bn", "taylor"), "scope": ("uniform", "global"), "attention": ("dims", "heads")}
STEPS = 100
"""Each step removes about a hundredth of the channels, until the multiply-adds are few enough."""
BATCH = 32
MOST = 0.9
"""Of a layer's channels, this share may go at most: no layer ends without any."""
MULTIPLES = (8, 4, 2, 1)
"""Layers keep a multiple of so many channels, the first that comes near enough to what is wanted: kernels compute in
blocks, ONNX Runtime's of eight channels with AVX2, and a rest costs what a block does, or the blocked kernel itself."""
NEAR = 0.06
"""Of the multiply-adds; what is removed beyond the amount."""


class Structured:
    """`structured-AMOUNT`: that share of the multiply-adds is removed, the least important channels first.

    Importance of a channel, over all layers that it joins: `l2` (the default) or `l1` norm of its weights, `bn` scale
    of its batch normalisation (Liu et al., 2017, arXiv:1708.06519), or `taylor`, weight times gradient on calibration
    records (Molchanov et al., 2019, arXiv:1906.10771). Each layer loses the same share (`uniform`), or all are ranked
    together (`global`). Attention loses dimensions of every head (`dims`), or whole heads (`heads`).
    """

    name = "structured"

    def check(self, spec: str) -> None:
        """Raise PlanError where the spec makes no sense."""
        found = parse(spec, self.name, CHOICES)
        chosen = found.options
        if found.amount > (most := MOST * (2 - MOST)):  # a layer loses inputs and outputs
            raise PlanError(
                f"variant '{spec}': of each layer {1 - MOST:.0%} of the channels stay, so that none is left without "
                f"any; {most:g} of the multiply-adds can go at most"
            )
        if (chosen["scope"], chosen["attention"]) == ("global", "heads"):
            raise PlanError(f"variant '{spec}': heads go alike from each layer; leave out heads or global")

    def in_rounds(self, spec: str, rounds: int) -> list[str]:
        """The specs that reach this one in so many rounds; each removes the same share of what is there.

        A network that keeps 1 - a of its work after all of them keeps (1 - a)^(1/rounds) of it in each.
        """
        amount, _, words = spec.removeprefix(f"{self.name}-").partition("-")
        each = 1 - (1 - float(amount)) ** (1 / rounds)
        return [f"{self.name}-{each:.4f}{f'-{words}' if words else ''}"] * rounds

    def apply(self, network: nn.Module, spec: str, task: CompressTask) -> nn.Module:
        """Return a smaller copy; raises Unsupported where so much cannot be removed."""
        found = parse(spec, self.name, CHOICES)
        before = flops.macs(network, task.shape)
        wanted = before * (1 - found.amount)
        pruned, now = network, before
        for multiple in MULTIPLES:
            pruned = _pruned(network, found, task, multiple, wanted)
            now = flops.macs(pruned, task.shape)
            if wanted - NEAR * before <= now <= wanted:
                break
        _still_answers(pruned, spec, task)
        if now > wanted:
            raise Unsupported(
                f"'{spec}': only {1 - now / before:.0%} of the multiply-adds can be removed: a tenth of each layer's "
                "channels has to stay"
            )
        return pruned


def _pruned(network: nn.Module, found: Spec, task: CompressTask, multiple: int, wanted: float) -> nn.Module:
    """A copy with at most so many multiply-adds, or as few as can be; its layers keep a multiple of channels."""
    pruned = copy.deepcopy(network).eval()
    pruner = _pruner(pruned, found, task, multiple)
    for step in range(STEPS):
        if task.progress:
            task.progress(step, STEPS)
        if found.options["importance"] == "taylor":
            _gradients(pruned, task)
        pruner.step()
        _mend_attention(pruned, pruner)
        if flops.macs(pruned, task.shape) <= wanted:
            break
    for parameter in pruned.parameters():
        parameter.grad = None
    return pruned


def _still_answers(network: nn.Module, spec: str, task: CompressTask) -> None:
    """Raise Unsupported where a layer that gives the logits was taken for one that may shrink."""
    import torch

    with torch.inference_mode():
        shape = tuple(network(torch.zeros(1, *task.shape)).shape)
    if shape != (1, task.classes):
        raise Unsupported(f"'{spec}': the network gives {shape[-1]} logits then; its last layer has to be linear")


def _pruner(network: nn.Module, found: Spec, task: CompressTask, multiple: int) -> Any:
    import torch
    import torch_pruning
    from torch import nn

    importance, everywhere = found.options["importance"], found.options["scope"] == "global"
    heads = found.options["attention"] == "heads"
    kinds = {
        "l1": lambda: torch_pruning.importance.GroupMagnitudeImportance(p=1),
        "l2": lambda: torch_pruning.importance.GroupMagnitudeImportance(p=2),
        "bn": lambda: torch_pruning.importance.BNScaleImportance(),
        "taylor": lambda: torch_pruning.importance.GroupTaylorImportance(),
    }
    if importance == "bn" and not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules()):
        raise Unsupported("importance 'bn': the network has no batch normalisation; use l1, l2 or taylor")

    class Pruner(torch_pruning.pruner.BasePruner):  # type: ignore[misc]  # without types
        def get_target_head_pruning_ratio(self, module: nn.Module) -> float:
            """Of the heads that are left, the share that goes in this step; the pruner's own asks for one each time."""
            left = self.num_heads[module]
            wanted = max(1, round(self.init_num_heads[module] * (1 - self.current_step / STEPS)))
            return float(max(0.0, left - wanted - 0.5) / left)  # it rounds up

    attention = {m.qkv: m.num_heads for m in network.modules() if hasattr(m, "qkv") and hasattr(m, "num_heads")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Pruner(
            network,
            torch.zeros(1, *task.shape),
            kinds[importance](),
            global_pruning=everywhere,
            pruning_ratio=1.0,
            head_pruning_ratio=1.0 if heads else 0.0,
            max_pruning_ratio=MOST,
            round_to=multiple,
            iterative_steps=STEPS,
            ignored_layers=_giving_logits(network, task),
            num_heads=attention,
            prune_num_heads=heads,
            prune_head_dims=not heads,
        )


def _giving_logits(network: nn.Module, task: CompressTask) -> list[nn.Module]:
    """The layers whose outputs are the classes: their width must stay."""
    from torch import nn

    return [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == task.classes]


def _mend_attention(network: nn.Module, pruner: Any) -> None:
    """Tell timm's attention how many heads it has now, and how wide they are."""
    attention: Any
    for attention in network.modules():
        qkv = getattr(attention, "qkv", None)
        if qkv is not None and qkv in pruner.num_heads:
            attention.num_heads = pruner.num_heads[qkv]
            attention.attn_dim = qkv.out_features // 3
            attention.head_dim = attention.attn_dim // attention.num_heads


def _gradients(network: nn.Module, task: CompressTask) -> None:
    """Gradients of the loss on the calibration records, which Taylor importance weighs the weights by."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    signals, labels = task.labelled()
    network.zero_grad()
    for start in range(0, len(signals), BATCH):
        logits = network(torch.from_numpy(signals[start : start + BATCH]))
        wanted = torch.from_numpy(labels[start : start + BATCH]).float()
        binary_cross_entropy_with_logits(logits, wanted).backward()  # type: ignore[no-untyped-call]


VARIANT = Structured()
