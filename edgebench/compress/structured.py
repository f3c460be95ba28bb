"""Structured pruning, by Torch-Pruning (Fang et al., 2023, "DepGraph", arXiv:2301.12900).

It removes whole channels, dimensions of attention heads and hidden units of MLPs, and shrinks every layer that depends
on them: the exported file becomes smaller and faster, too.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

from edgebench.compress.spec import Spec, parse
from edgebench.core.errors import EdgeBenchError, PlanError, Uncounted, Unsupported, first_line
from edgebench.models import flops

if TYPE_CHECKING:
    from torch import nn

    from edgebench.core.protocols import CompressTask

CHOICES = {"importance": ("l2", "l1", "bn", "taylor"), "scope": ("uniform", "global"), "attention": ("dims", "heads")}
STEPS = 100
"""Each step removes about a hundredth of the channels, until few enough multiply-adds are left."""
BATCH = 32
MAX_SHARE = 0.9
"""The largest share of a layer's channels that may be removed, so that every layer keeps some."""
MULTIPLES = (8, 4, 2, 1)
"""Each layer keeps a multiple of so many channels, the first of these that meets the target closely enough. Kernels
compute in blocks, ONNX Runtime's in blocks of eight channels with AVX2: a partial block costs as much as a whole one,
or rules the fast kernel out."""
TOLERANCE = 0.06
"""The share of the multiply-adds that may be removed beyond the amount."""


class Structured:
    """`structured-AMOUNT` removes that share of the multiply-adds, the least important channels first.

    Importance of a channel, over all layers that it joins: `l2` (the default) or `l1` norm of its weights, `bn` scale
    of its batch normalisation (Liu et al., 2017, arXiv:1708.06519), or `taylor`, weight times gradient on calibration
    records (Molchanov et al., 2019, arXiv:1906.10771). Each layer loses the same share (`uniform`), or one
    ranking covers all layers (`global`). Attention loses dimensions of every head (`dims`), or whole heads (`heads`).
    """

    name = "structured"
    untrained_cost = (
        "removes whole channels and is not fine-tuned: expect a larger drop of the score than a recommendation allows"
    )
    """What a user should know who fine-tunes nothing afterwards."""
    searched = ("structured-0.5", "structured-0.7", "structured-0.3", "structured-0.8", "structured-0.9")
    """What `edgebench optimize` tries, in this order, as far as it has time."""

    def check(self, spec: str) -> None:
        """Raise PlanError where the spec is invalid."""
        found = parse(spec, self.name, CHOICES)
        chosen = found.options
        if found.amount > (most := MAX_SHARE * (2 - MAX_SHARE)):  # a layer loses inputs and outputs
            raise PlanError(
                f"variant '{spec}': each layer keeps {1 - MAX_SHARE:.0%} of its channels, so the amount is at most "
                f"{most:g}"
            )
        if (chosen["scope"], chosen["attention"]) == ("global", "heads"):
            raise PlanError(f"variant '{spec}': each layer loses the same number of heads; omit heads or global")

    def in_rounds(self, spec: str, rounds: int) -> list[str]:
        """The specs of `rounds` rounds that reach this one; each removes the same share of what is left.

        A network that keeps 1 - a of its multiply-adds in all keeps (1 - a)^(1/rounds) of them in each round.
        """
        amount, _, words = spec.removeprefix(f"{self.name}-").partition("-")
        each = 1 - (1 - float(amount)) ** (1 / rounds)
        return [f"{self.name}-{each:.4f}{f'-{words}' if words else ''}"] * rounds

    def apply(self, network: nn.Module, spec: str, task: CompressTask) -> nn.Module:
        """Return a smaller copy; raises Unsupported where the amount cannot be removed."""
        found = parse(spec, self.name, CHOICES)
        try:
            before = flops.macs(network, *task.shapes)
        except Uncounted as reason:
            raise Unsupported(f"'{spec}' needs the multiply-adds: {reason}") from reason
        target = before * (1 - found.amount)
        pruned, left = network, before
        try:
            for multiple in MULTIPLES:
                pruned = _pruned(network, found, task, multiple, target)
                left = flops.macs(pruned, *task.shapes)
                if target - TOLERANCE * before <= left <= target:
                    break
            _check_outputs(pruned, spec, task)
        except Uncounted as error:  # the smaller network does not compute
            raise Unsupported(_refusal(network, spec, str(error))) from error
        except EdgeBenchError:
            raise
        except Exception as error:  # Torch-Pruning may raise anything where it cannot follow the channels
            text = f"{type(error).__name__}: {first_line(error)}"
            raise Unsupported(_refusal(network, spec, text)) from error
        if left > target:
            raise Unsupported(
                f"'{spec}': only {1 - left / before:.0%} of the multiply-adds can be removed: each layer keeps a tenth "
                "of its channels"
            )
        return pruned


def _refusal(network: nn.Module, spec: str, reason: str) -> str:
    """Why a network cannot be pruned, with the layers that most likely cause it."""
    names = [name for name, m in network.named_modules() if type(m).__module__ == "torch.nn.modules.rnn"]
    cause = f"Torch-Pruning cannot prune around {', '.join(names)}" if names else "channels cannot be removed"
    return f"'{spec}': {cause} ({reason})"


def _pruned(network: nn.Module, found: Spec, task: CompressTask, multiple: int, target: float) -> nn.Module:
    """A copy with at most `target` multiply-adds, or as few as possible; keeps a multiple of `multiple` channels."""
    pruned = copy.deepcopy(network).eval()
    pruner = _pruner(pruned, found, task, multiple)
    for step in range(STEPS):
        if task.progress:
            task.progress(step, STEPS)
        if found.options["importance"] == "taylor":
            _gradients(pruned, task)
        pruner.step()
        _update_attention(pruned, pruner)
        if flops.macs(pruned, *task.shapes) <= target:
            break
    for parameter in pruned.parameters():
        parameter.grad = None
    return pruned


def _check_outputs(network: nn.Module, spec: str, task: CompressTask) -> None:
    """Raise Unsupported where the pruner shrank the layer of the logits."""
    import torch

    with torch.inference_mode():
        shape = tuple(network(*(torch.zeros(1, *shape) for shape in task.shapes)).shape)
    if shape != (1, task.classes):
        raise Unsupported(
            f"'{spec}': the pruned network has {shape[-1]} logits, not {task.classes}; its last layer must be linear"
        )


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
            """The share of the remaining heads that this step removes; the base class would remove one in each step."""
            left = self.num_heads[module]
            target = max(1, round(self.init_num_heads[module] * (1 - self.current_step / STEPS)))
            return float(max(0.0, left - target - 0.5) / left)  # the pruner rounds up

    # Torch's attention has as many dimensions as the layers around it: the same number leaves each head.
    heads_of = {m: m.num_heads for m in network.modules() if isinstance(m, nn.MultiheadAttention)}
    attention = {m.qkv: m.num_heads for m in network.modules() if hasattr(m, "qkv") and hasattr(m, "num_heads")}
    recurrent = [m for m in network.modules() if isinstance(m, nn.RNNBase)]  # it cuts their gates in the wrong places
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Pruner(
            network,
            tuple(torch.zeros(1, *shape) for shape in task.shapes),
            kinds[importance](),
            global_pruning=everywhere,
            pruning_ratio=1.0,
            head_pruning_ratio=1.0 if heads else 0.0,
            max_pruning_ratio=MAX_SHARE,
            round_to=multiple,
            iterative_steps=STEPS,
            ignored_layers=[*_logit_layers(network, task), *recurrent, *_fixed_layers(network)],
            in_channel_groups=dict(heads_of),
            out_channel_groups=dict(heads_of),
            num_heads=attention,
            prune_num_heads=heads,
            prune_head_dims=not heads,
        )


def _logit_layers(network: nn.Module, task: CompressTask) -> list[nn.Module]:
    """The layers whose outputs are the classes, and which keep their width."""
    from torch import nn

    return [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == task.classes]


def _fixed_layers(network: nn.Module) -> list[nn.Module]:
    """The layers that keep their channels: a module may name them by their paths in its attribute `keep_width`."""
    return [m.get_submodule(path) for m in network.modules() for path in getattr(m, "keep_width", ())]


def _update_attention(network: nn.Module, pruner: Any) -> None:
    """Set the new number and width of the heads in timm's attention."""
    attention: Any
    for attention in network.modules():
        qkv = getattr(attention, "qkv", None)
        if qkv is not None and qkv in pruner.num_heads:
            attention.num_heads = pruner.num_heads[qkv]
            attention.attn_dim = qkv.out_features // 3
            attention.head_dim = attention.attn_dim // attention.num_heads


def _gradients(network: nn.Module, task: CompressTask) -> None:
    """Compute the gradients of the loss on the calibration records, for Taylor importance."""
    import torch

    signals, targets = task.labelled()
    inputs = [torch.from_numpy(one) for one in (signals, *task.labelled_further())]
    network.zero_grad()
    for start in range(0, len(signals), BATCH):
        logits = network(*(one[start : start + BATCH] for one in inputs))
        task.loss(logits, torch.from_numpy(targets[start : start + BATCH])).backward()  # type: ignore[no-untyped-call]


VARIANT = Structured()
