"""Deterministic choices: records held out of a training set, and the records that a limit keeps.

NumPy promises that the stream of RandomState never changes, so the same records are chosen by every version.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError

LIMIT_SEED = 20
VALIDATION_SHARE, TEST_SHARE = 0.1, 0.1
"""Parts of data that have no splits of their own."""


def held_out(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.bool_]:
    """Which `count` records are held out, each class in proportion (largest remainders); labels (records,)."""
    mask = np.zeros(len(labels), np.bool_)
    classes, members = np.unique(labels, return_counts=True)
    if not len(labels):
        return mask
    shares = members * (count / len(labels))
    take = np.floor(shares).astype(np.int64)
    short = count - int(take.sum())
    random = np.random.RandomState(seed)
    # Of equal remainders the seed decides; else the first classes would always give one more.
    any_order = random.permutation(len(classes))
    take[any_order[np.argsort(-np.round(shares - take, 9)[any_order], kind="stable")[:short]]] += 1
    order = random.permutation(len(labels))
    for label, wanted in zip(classes, take, strict=True):
        mask[order[labels[order] == label][:wanted]] = True
    return mask


def limited(rows: NDArray[np.int64], limit: int | None) -> NDArray[np.int64]:
    """At most `limit` of the rows, in their order, the same ones each time."""
    if limit is not None and limit < 1:
        raise DataError(f"limit {limit}: must be at least 1")
    if limit is None or limit >= len(rows):
        return rows
    return rows[np.sort(np.random.RandomState(LIMIT_SEED).permutation(len(rows))[:limit])]


def share_of(name: str) -> float:
    """A number from 0 to 1 that a name alone decides, so that a further file moves no other to another split."""
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogateescape")).digest()[:8], "big") / 2**64
