"""The optimizers that a recipe can name.

Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/) steps along the orthogonalised momentum of each
weight matrix, with the step sizes of Liu et al., 2025, arXiv:2502.16982; AdamW with Nesterov momentum steps all other
parameters. The implementation is timm's.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from edgebench.core.recipe import Recipe

SMALLEST_SIDE = 16
"""AdamW steps matrices with a smaller side: those of the logits, and kernels with few inputs."""
MOMENTUM = 0.9
"""SGD's; `one-cycle` moves it between 0.85 and 0.95 against the learning rate."""
ADAMW_RATE_SHARE = 0.25
"""AdamW's learning rate as a share of Muon's."""


def optimizer_of(network: nn.Module, hint: nn.Module | None, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer for a network and the module of its hint, which is trained with it."""
    modules = [network, *([hint] if hint else [])]
    parameters = [p for module in modules for p in module.parameters()]
    matrices: list[Tensor] = [p for p in parameters if p.ndim > 1]
    others: list[Tensor] = [p for p in parameters if p.ndim <= 1]  # no weight decay on biases and normalisation
    rest: dict[str, Any] = {"params": others, "weight_decay": 0.0}
    groups: list[dict[str, Any]] = [{"params": matrices, "weight_decay": recipe.weight_decay}, rest]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=MOMENTUM, nesterov=True)
    if recipe.optimizer != "muon":
        kind = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
        return kind(groups, lr=recipe.learning_rate)
    return _muon(network, matrices, rest, recipe)


def _muon(network: nn.Module, matrices: list[Tensor], rest: dict[str, Any], recipe: Recipe) -> torch.optim.Optimizer:
    import timm.optim.muon as muon

    muon_parameters = {id(p) for p in network.parameters() if p.ndim > 1 and min(len(p), p[0].numel()) >= SMALLEST_SIDE}
    # timm iterates in bfloat16, which is slow on CPUs without native support, and has no argument for it. The patch
    # applies to every Muon of the process, on any device; to apply it twice changes nothing.
    muon.zeropower_via_newtonschulz = partial(muon.zeropower_via_newtonschulz, dtype=torch.float32)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in matrices if id(p) in muon_parameters]},
        {"params": [p for p in matrices if id(p) not in muon_parameters], "use_fallback": True},
        rest | {"use_fallback": True},
    ]
    return muon.Muon(
        groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, nesterov=True, betas=(0.9, 0.999),
        fallback_lr_scale=ADAMW_RATE_SHARE,
    )  # fmt: skip
