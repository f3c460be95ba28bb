"""Weights that were saved elsewhere: read without running code, and put into a network or refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import ModelError, first_line

if TYPE_CHECKING:
    from torch import Tensor, nn

PARALLEL = "module."
"""What DataParallel puts before each key."""
WRAPPERS = ("state_dict", "model_state_dict", "model", "network")
"""Under which names training scripts put the state dict into a checkpoint."""


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict in a .safetensors file, or in one that torch.load reads with weights_only; raises ModelError."""
    if not path.is_file():
        raise ModelError(f"{path}: no such file of weights")
    try:
        found = _read(path)
    except ModelError:
        raise
    except Exception as error:  # a damaged file raises many kinds
        raise ModelError(
            f"{path}: no weights in it that can be read ({type(error).__name__}: {_short(error)})"
        ) from None
    for name in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    state = dict(found) if hasattr(found, "items") else {}
    if not state or not all(hasattr(v, "shape") for v in state.values()):
        raise ModelError(f"{path}: holds a {type(found).__name__}, not a state dict; save model.state_dict()")
    return state


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    import pickle

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "global" not in str(error).lower():  # torch says "Unsupported global" where code would be called
            raise ModelError(f"{path}: not a file that torch.save wrote, or a damaged one") from None
        raise ModelError(
            f"{path}: reading it would run code that is stored in it, which is refused; where it was made, save the "
            "weights alone: torch.save(model.state_dict(), FILE), or safetensors.torch.save_file(...)"
        ) from None


def load_into(network: nn.Module, state: dict[str, Tensor], file: str, spec: str) -> None:
    """Load all of the state; raises ModelError that names the keys which do not fit."""
    own = network.state_dict()
    if own.keys() != state.keys() and all(k.startswith(PARALLEL) for k in state):
        state = {k.removeprefix(PARALLEL): v for k, v in state.items()}
    wrong = {
        "missing": [k for k in own if k not in state],
        "not expected": [k for k in state if k not in own],
        "of another shape": [
            f"{k} {tuple(state[k].shape)} for {tuple(own[k].shape)}"
            for k in own
            if k in state and own[k].shape != state[k].shape
        ],
    }
    if any(wrong.values()):
        told = "; ".join(f"{what}: {_some(keys)}" for what, keys in wrong.items() if keys)
        raise ModelError(f"{file}: does not fit {spec}: {told}")
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")


def _short(error: Exception) -> str:
    return first_line(error, "no message")[:160]
