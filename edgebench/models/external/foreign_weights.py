"""Reads a file of imported weights, as data: no code in it is run, and what is no state dict is refused."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core.errors import ModelError, first_line
from edgebench.core.serialization import readable
from edgebench.models.external import pickled

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("state_dict", "model_state_dict", "model", "network", "net", "weights", "params")
"""Keys under which training scripts store the state dict in a checkpoint, the likeliest first."""
MOST_WRAPPED = 4
"""Checkpoints within checkpoints."""
SAVE_ALONE = "save the weights alone: torch.save(model.state_dict(), FILE), or safetensors.torch.save_file(...)"


@dataclass(frozen=True)
class Weights:
    """A state dict, and what was left out of its file, in words."""

    state: dict[str, Tensor]
    notes: tuple[str, ...] = ()


def read_weights(path: Path) -> Weights:
    """The state dict of a .safetensors file, or of one that torch.load reads with weights_only; raises ModelError."""
    if not path.is_file():
        raise ModelError(f"{path}: {'not a regular file' if path.exists() else 'no such file of weights'}")
    try:
        found = _read(path)
    except ModelError:
        raise
    except Exception as error:  # a damaged file raises many kinds
        reason = first_line(error, "no message")[:160]
        raise ModelError(f"{path}: its weights cannot be read ({type(error).__name__}: {reason})") from None
    whole, notes = found, []
    for _ in range(MOST_WRAPPED):
        if not isinstance(found, Mapping) or _is_state(found):
            break
        inner = _wrapped(found)
        if inner is None:
            break
        others = [str(key) for key, value in found.items() if key != inner and isinstance(value, Mapping)]
        notes.append(f"the weights under '{inner}' are used" + (f", not {', '.join(others[:5])}" if others else ""))
        found = found[inner]
    if not isinstance(found, Mapping) or not _is_state(found):
        raise ModelError(f"{path}: contains {_kind(whole)}, not a state dict; save model.state_dict()")
    return Weights({str(key): value for key, value in found.items()}, tuple(readable(note) for note in notes))


def _wrapped(checkpoint: Mapping[Any, Any]) -> str | None:
    """The key of a checkpoint under which the state dict lies: one of WRAPPERS, or the only one that holds tensors."""
    for name in WRAPPERS:
        if isinstance(checkpoint.get(name), Mapping) and checkpoint[name]:
            return name
    states = [key for key, value in checkpoint.items() if isinstance(value, Mapping) and _is_state(value)]
    return states[0] if len(states) == 1 and isinstance(states[0], str) else None


def _is_state(value: Mapping[Any, Any]) -> bool:
    return bool(value) and all(hasattr(part, "shape") and hasattr(part, "is_floating_point") for part in value.values())


def _kind(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"a {type(value).__name__}"
    return (
        readable(f"a dict with the keys {', '.join(str(key)[:40] for key in list(value)[:5])}") if value else "nothing"
    )


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    import pickle

    import torch

    try:
        pickled.require_names(path)
        with torch.serialization.safe_globals(_numbers()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickled.AbsurdName as error:
        raise ModelError(f"{path}: {error}: damaged, or made to harm") from None
    except pickle.UnpicklingError as error:
        raise ModelError(f"{path}: {_why(path, str(error))}") from None
    except RuntimeError as error:
        if "TorchScript" in str(error):
            raise ModelError(
                f"{path}: a TorchScript file, which has its network: measure it: --artifact {path}"
            ) from None
        raise


def _why(path: Path, message: str) -> str:
    """Why torch refuses a pickle, and what to do."""
    if "global" not in message.lower():  # torch says "Unsupported global" where code would be called
        return "not a file from torch.save, or damaged"
    known = re.search(r"(?:GLOBAL|Unsupported class|global) ([\w.]+\.\w+)", message)
    name = known[1] if known else ""
    key = ""
    if name:
        try:
            key = pickled.key_of(pickled.in_archive(path), name)
        except Exception:  # only a better message is at stake
            key = ""
    holds = f" ({name}{f', under {key[:60]!r}' if key else ''})" if name else ""
    return readable(f"refused, because reading it would run code that it contains{holds}; {SAVE_ALONE}")


def _numbers() -> list[Any]:
    """NumPy's scalars and small arrays, which training scripts store beside the weights: data, as tensors are."""
    import numpy as np

    core = np._core.multiarray  # type: ignore[attr-defined]
    parts = {"scalar": core.scalar, "_reconstruct": core._reconstruct}
    # Files of NumPy 1 name the same functions by their earlier place.
    named = [(part, f"numpy.{place}.multiarray.{name}") for name, part in parts.items() for place in ("core", "_core")]
    kinds = [kind for name in np.dtypes.__all__ if isinstance(kind := getattr(np.dtypes, name), type)]
    return [*named, np.dtype, np.ndarray, *kinds]
