"""The sizes of a pruned network as data: enough to build it again from its architecture.

Safetensors store the weights and no code. Beside the weights pruning changes a few integers of each layer, such as its
channels and heads; the manifest stores these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

Sizes = dict[str, dict[str, int | list[int]]]
"""By module: the integers that differ from the architecture's, such as `out_channels`."""


def changes(network: nn.Module, original: nn.Module) -> Sizes:
    """The sizes of a pruned network that differ from the original's. Raises ModelError where it has other modules."""
    before, found = dict(original.named_modules()), {}
    if before.keys() != dict(network.named_modules()).keys():
        raise ModelError("the network has other modules than its architecture; only their sizes may change")
    for name, module in network.named_modules():
        now, then = _integers(module), _integers(before[name])
        changed = {k: v for k, v in now.items() if then.get(k) != v}
        if changed:
            found[name] = changed
    return found


def apply(network: nn.Module, sizes: Mapping[str, Mapping[str, int | list[int]]], state: Mapping[str, Tensor]) -> None:
    """Resize an untrained network to the sizes and the shapes of a pruned one; the caller then loads its weights.

    Raises ModelError where the sizes or the weights belong to another architecture.
    """
    modules = dict(network.named_modules())
    for name, changed in sizes.items():
        known = _integers(modules[name]) if name in modules else {}
        for key, value in changed.items():
            if key not in known:
                raise ModelError(
                    f"structure: the architecture has no '{name}.{key}'; the manifest belongs to another one"
                )
            setattr(modules[name], key, tuple(value) if isinstance(value, list) else value)
        for key, shape in _shapes(modules[name]).items():
            _resize(modules[name], key, shape)
    for name, tensor in state.items():
        path, _, key = name.rpartition(".")
        if path in modules:  # loading the weights reports missing modules
            _resize(modules[path], key, tuple(tensor.shape))


def _resize(module: nn.Module, key: str, shape: tuple[int, ...]) -> None:
    """Change the shape of a parameter or buffer; its values are lost."""
    import torch
    from torch import nn

    old = getattr(module, key, None)
    if not isinstance(old, torch.Tensor) or old.shape == shape:
        return
    new = torch.empty(shape, dtype=old.dtype)
    if isinstance(old, nn.Parameter):
        setattr(module, key, nn.Parameter(new, requires_grad=old.requires_grad))
    else:
        module.register_buffer(key, new, persistent=True)


def _shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Shapes of the tensors of torch's own layers, from their sizes: the weights may have other names in the file."""
    from torch import nn

    if isinstance(module, nn.Linear):
        return {"weight": (module.out_features, module.in_features), "bias": (module.out_features,)}
    if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        weight = (module.out_channels, module.in_channels // module.groups, *module.kernel_size)
        return {"weight": weight, "bias": (module.out_channels,)}
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (module.num_features,))
    return {}


def _integers(module: nn.Module) -> dict[str, int | list[int]]:
    """A module's own integers, and lists of them."""
    found: dict[str, int | list[int]] = {}
    values: dict[str, Any] = vars(module)
    for key, value in values.items():
        if key.startswith("_") or isinstance(value, bool):
            continue
        if isinstance(value, int):
            found[key] = value
        elif isinstance(value, tuple) and value and all(isinstance(v, int) for v in value):
            found[key] = list(value)
    return found
