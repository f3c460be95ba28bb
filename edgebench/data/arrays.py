"""Arrays in .npy files that may be damaged: mapped, never unpickled, never larger than the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edgebench.core.errors import DataError


def open_array(path: Path, kind: DTypeLike, *shape: int | None) -> NDArray[np.generic]:
    """Memory-map an array of this type and shape; None stands for any length. Raises DataError."""
    try:
        found = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise DataError(f"{path}: missing") from None
    except Exception:  # NumPy parses a literal of Python here, which fails in many ways
        raise DataError(f"{path}: damaged, or not an array of NumPy") from None
    fits = len(found.shape) == len(shape) and all(n in (None, have) for n, have in zip(shape, found.shape, strict=True))
    if found.dtype != np.dtype(kind) or not fits:
        wanted = " x ".join("any" if n is None else str(n) for n in shape)
        raise DataError(f"{path}: {found.dtype} of shape {found.shape}, not {np.dtype(kind)} of {wanted}")
    return found
