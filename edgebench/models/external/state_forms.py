"""Forms weights that training tools keep in parts: masks of pruning, and lengths and directions of weight_norm."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from edgebench.core.errors import ModelError
from edgebench.core.serialization import readable

if TYPE_CHECKING:
    from torch import Tensor

INSERTED = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""Parts of names that torch.compile and wrappers of modules insert."""
NORM = ".parametrizations."
"""What torch.nn.utils.parametrize inserts."""
UNDO = {
    "spectral_norm": "torch.nn.utils.remove_spectral_norm",
    "parametrizations": "torch.nn.utils.parametrize.remove_parametrizations",
}


def formed(state: dict[str, Tensor], own: Collection[str], file: str) -> tuple[dict[str, Tensor], list[str]]:
    """The state with whole weights in place of their parts, and what was done, in words.

    `own` are the names of the network: parts that it keeps itself stay parts. Raises ModelError for parts from which
    the weights cannot be formed.
    """
    state, notes = dict(state), []
    for inserted in INSERTED:
        if any(inserted in name for name in state) and not any(inserted in name for name in own):
            state = {name.replace(inserted, ""): value for name, value in state.items()}
            notes.append(f"'{inserted}' was taken out of the names of the weights")
    kept = {name.rpartition(".")[2] for name in own}
    rules: tuple[tuple[str, str, str, Callable[[Tensor, Tensor], Tensor]], ...] = (
        ("_orig", "_mask", "masks of pruning were multiplied in", _masked),
        ("_v", "_g", "weights were formed from weight_norm's parts", _normed),
        (".original1", ".original0", "weights were formed from weight_norm's parts", _normed),
    )
    for first, second, words, rule in rules:
        bases = [name.removesuffix(first) for name in state if name.endswith(first)]
        whole = [b for b in bases if b + second in state and (b + first).rpartition(".")[2] not in kept]
        for base in whole:
            try:
                value = rule(state.pop(base + first), state.pop(base + second))
            except (RuntimeError, ValueError):
                raise ModelError(f"{file}: {readable(base)[:120]}{first} and {second} do not fit each other") from None
            state[base.replace(NORM, ".").removeprefix(NORM[1:])] = value
        if whole:
            notes.append(f"{len(whole)} {words}")
    for name in state:
        if name.rpartition(".")[2] in kept:
            continue
        spectral = name.endswith("_orig") and f"{name.removesuffix('_orig')}_u" in state
        if spectral or NORM in f".{name}":
            undo = UNDO["spectral_norm" if spectral else "parametrizations"]
            raise ModelError(f"{file}: {readable(name)[:120]} is a part of a weight; form it before you save: {undo}")
    return state, notes


def _masked(weight: Tensor, mask: Tensor) -> Tensor:
    if weight.shape != mask.shape:
        raise ValueError
    return weight * mask


def _normed(direction: Tensor, length: Tensor) -> Tensor:
    """weight_norm's weight: each channel of `direction`, in the dimension that `length` has, with that length."""
    import torch

    whole: Tensor
    if length.ndim == 0:
        whole = direction * (length / direction.norm())
        return whole
    fits = [
        d
        for d in range(direction.ndim)
        if length.ndim == direction.ndim
        and all(n == (direction.shape[d] if i == d else 1) for i, n in enumerate(length.shape))
    ]
    if not fits:
        raise ValueError
    whole = torch._weight_norm(direction, length, fits[0])
    return whole
