"""Calls the user's functions, and checks what they return: a fault is one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError, EdgeBenchError

LONGEST = 200
"""Characters of an exception's text that are shown."""


def called(where: str, function: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """What the function returns; raises DataError, in one line, for whatever it raises."""
    try:
        return function(*given, **more)
    except EdgeBenchError as error:
        raise DataError(f"{where}: {error}") from None
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        text = " ".join(str(error).split())[:LONGEST]
        raise DataError(f"{where}: {type(error).__name__}{text and f': {text}'}") from None


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """The same values, which the user's code cannot change: others are scored with them, too."""
    found = array.view()
    found.flags.writeable = False
    return found


def number(where: str, value: Any) -> float:
    """A finite number; raises DataError."""
    found = _array(where, value)
    if found.shape != ():
        raise DataError(f"{where}: returns an array of shape {found.shape}, not one number")
    return float(finite(where, found))


def samples(where: str, value: Any, count: int) -> NDArray[np.float64]:
    """One number for each sample; raises DataError."""
    found = _array(where, value)
    if found.shape != (count,):
        raise DataError(f"{where}: returns shape {found.shape} for weights of {count} samples, not ({count},)")
    return found


def finite(where: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same values; raises DataError where one is not finite."""
    if not np.isfinite(values).all():
        raise DataError(f"{where}: returns {values.ravel()[~np.isfinite(values.ravel())][0]}, not a finite number")
    return values


def _array(where: str, value: Any) -> NDArray[np.float64]:
    try:
        found = np.asarray(value)
    except Exception:  # a tensor that needs its gradient, anything
        found = np.asarray(None)
    if found.dtype.kind not in "iuf":
        raise DataError(f"{where}: returns a {type(value).__name__}, not a number")
    return np.asarray(found, np.float64)
