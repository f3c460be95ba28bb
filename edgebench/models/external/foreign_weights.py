"""Imported weights: read a file without running code, and load it into a network or refuse it with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import ModelError, first_line

if TYPE_CHECKING:
    from torch import Tensor, nn

PARALLEL_PREFIX = "module."
"""Prefix that DataParallel adds to each key."""
WRAPPERS = ("state_dict", "model_state_dict", "model", "network")
"""Keys under which training scripts store the state dict in a checkpoint."""


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict of a .safetensors file, or of one that torch.load reads with weights_only; raises ModelError."""
    if not path.is_file():
        raise ModelError(f"{path}: no such file of weights")
    try:
        found = _read(path)
    except ModelError:
        raise
    except Exception as error:  # a damaged file raises many kinds
        reason = first_line(error, "no message")[:160]
        raise ModelError(f"{path}: its weights cannot be read ({type(error).__name__}: {reason})") from None
    for name in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    state = dict(found) if hasattr(found, "items") else {}
    if not state or not all(hasattr(v, "shape") for v in state.values()):
        raise ModelError(f"{path}: contains a {type(found).__name__}, not a state dict; save model.state_dict()")
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
            raise ModelError(f"{path}: not a file from torch.save, or damaged") from None
        raise ModelError(
            f"{path}: refused, because reading it would run code that it contains; save the weights alone: "
            "torch.save(model.state_dict(), FILE), or safetensors.torch.save_file(...)"
        ) from None


def load_into(network: nn.Module, state: dict[str, Tensor], file: str, spec: str) -> None:
    """Load the whole state; raises ModelError with the keys that do not fit the network `spec`."""
    own = network.state_dict()
    if own.keys() != state.keys() and all(k.startswith(PARALLEL_PREFIX) for k in state):
        state = {k.removeprefix(PARALLEL_PREFIX): v for k, v in state.items()}
    problems = {
        "missing": [k for k in own if k not in state],
        "unexpected": [k for k in state if k not in own],
        "wrong shape": [
            f"{k} {tuple(state[k].shape)} for {tuple(own[k].shape)}"
            for k in own
            if k in state and own[k].shape != state[k].shape
        ],
    }
    if any(problems.values()):
        text = "; ".join(f"{problem}: {_first_keys(keys)}" for problem, keys in problems.items() if keys)
        raise ModelError(f"{file}: does not fit {spec}: {text}")
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})


def _first_keys(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
