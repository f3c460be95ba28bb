"""Loads imported weights into a network, or refuses them with the names that do not fit."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from edgebench.core.errors import ModelError, first_line
from edgebench.core.serialization import readable
from edgebench.models.external.state_forms import formed

if TYPE_CHECKING:
    from torch import Tensor, nn

COPY = re.compile(r"(^|[._])(ema|teacher|momentum|target|swa)([._]|$)")
"""In a prefix: a second copy of the network, beside the one that was trained."""


def load_into(network: nn.Module, state: dict[str, Tensor], file: str, spec: str) -> list[str]:
    """Load the whole state; returns what was changed for that, in words.

    A prefix before all names of the network is taken off, as DataParallel, torch.compile and Lightning add one. Raises
    ModelError with the names that do not fit the network `spec`.
    """
    own = network.state_dict()
    state, notes = formed(state, own, file)
    prefix = _prefix(state, own, file)
    if not prefix and (copies := [p for p in _fitting(state, own) if COPY.search(p)]):
        state = {name: value for name, value in state.items() if not name.startswith(tuple(copies))}
        notes.append(f"not used: the copies of the weights under {_first_keys(copies)}")
    if prefix:
        others = [name for name in state if not name.startswith(prefix)]
        state = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        notes.append(
            f"the prefix '{prefix}' was taken off the names of the weights"
            + (f"; not used: {_first_keys(others)}" if others else "")
        )
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
    try:
        network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    except (RuntimeError, NotImplementedError) as error:  # a sparse or quantized tensor, or one without values
        raise ModelError(f"{file}: does not fit {spec}: {first_line(error)[:200]}") from None
    return [readable(note) for note in notes]


def _prefix(state: Collection[str], own: Collection[str], file: str) -> str:
    """What stands before the network's names in the state; empty where they stand there as they are, or nowhere.

    Raises ModelError where two networks in the state fit.
    """
    if not own or all(name in state for name in own):
        return ""
    fitting = _fitting(state, own)
    first = [prefix for prefix in fitting if not COPY.search(prefix)] or fitting
    if len(first) > 1:
        raise ModelError(f"{file}: holds several such networks, under {_first_keys(first)}; save one of them alone")
    if first:
        return first[0]
    # It does not fit, but the names that do not fit can be listed.
    return next((p for p in _tried(state, own) if all(name.startswith(p) for name in state)), "")


def _fitting(state: Collection[str], own: Collection[str]) -> list[str]:
    """The prefixes under which every name of the network is in the state."""
    return sorted(p for p in _tried(state, own) if all(p + name in state for name in own))


def _tried(state: Collection[str], own: Collection[str]) -> set[str]:
    """The prefixes under which the first name of the network is in the state."""
    some = next(iter(own), "")
    return {name.removesuffix(some) for name in state if some and name.endswith(f".{some}")}


def _first_keys(keys: list[str]) -> str:
    text = ", ".join(key[:120] for key in keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
    return readable(text)
