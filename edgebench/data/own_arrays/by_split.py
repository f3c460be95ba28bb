"""Which array is which: inputs, targets and ids of each split, by their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgebench.core.errors import DataError
from edgebench.data.own_arrays.array_files import Source
from edgebench.data.splitting import TEST_SHARE, VALIDATION_SHARE, held_out

SPLITS = {
    "train": ("train", "training"), "validation": ("validation", "val", "valid", "dev"), "test": ("test", "testing"),
}  # fmt: skip
SEED = 7


@dataclass(frozen=True)
class Part:
    """The arrays that a split is taken from."""

    inputs: tuple[Source, ...]
    targets: Source | None
    ids: Source | None
    share: str
    """`all` of the rows, or the train, validation or test part of rows that have no splits; `train of two` and
    `validation of two` where there is a test set, but no validation set."""


def parts(found: Mapping[str, Source], inputs: tuple[str, ...], target: str, named: bool) -> dict[str, Part]:
    """The part of each split that there is; `named`: the target must be there. Raises DataError."""
    split = {name: _of_split(found, inputs[0], name) for name in SPLITS}
    whole = _whole(found, inputs[0])
    if not any(split.values()):
        if whole is None:
            likely = next((name for name in found if name != target), inputs[0])
            way = f"name what the network takes, such as --dataset-option inputs={likely}"
            raise DataError(f"{_place(found)}: no array '{inputs[0]}'; there is {', '.join(list(found)[:8])}: {way}")
        return {name: _part(found, inputs, target, "", name, named) for name in SPLITS}
    if whole is not None and not split["train"]:
        split["train"] = whole
    result = {}
    for name in SPLITS:
        if split[name]:
            alone = "train of two" if name == "train" and not split["validation"] else "all"
            result[name] = _part(found, inputs, target, name, alone, named)
    if split["train"] and not split["validation"]:
        result["validation"] = _part(found, inputs, target, "train", "validation of two", named)
    return result


def _part(
    found: Mapping[str, Source], inputs: tuple[str, ...], target: str, split: str, share: str, named: bool
) -> Part:
    def get(key: str) -> Source | None:
        exact = _of_split(found, key, split) if split else None
        return exact or (_whole(found, key) if split in ("", "train") else None)

    sources = []
    for key in inputs:
        source = get(key)
        if source is None:
            raise DataError(f"{_place(found)}: no array '{key}' for {split or 'the records'}")
        sources.append(source)
    targets = get(target)
    if targets is None and (named or any(_of_split(found, target, name) for name in SPLITS)):
        raise DataError(f"{_place(found)}: no array '{target}' with the targets of {split or 'the records'}")
    for one in (*sources, targets, get("ids")):
        if one is not None and (not one.shape or one.shape[0] != sources[0].shape[0]):
            raise DataError(
                f"{one.label}: shape {one.shape}, where {sources[0].key} has {sources[0].shape[:1]} records"
            )
    return Part(tuple(sources), targets, get("ids"), share)


def _of_split(found: Mapping[str, Source], key: str, split: str) -> Source | None:
    names = [name for word in SPLITS[split] for name in (f"{key}_{word}", f"{word}_{key}")]
    return _any_case(found, names)


def _whole(found: Mapping[str, Source], key: str) -> Source | None:
    """The array of that key, or the only one whose name ends with it, such as `cats_x`."""
    words = [f"{word}_{key}".lower() for several in SPLITS.values() for word in several]
    ending = [name for name in found if name.lower().endswith(f"_{key}".lower()) and name.lower() not in words]
    return _any_case(found, [key, *(ending if len(ending) == 1 else ())])


def _any_case(found: Mapping[str, Source], names: list[str]) -> Source | None:
    lower = {name.lower(): source for name, source in found.items()}
    return next((found.get(name) or lower[name.lower()] for name in names if name.lower() in lower), None)


def _place(found: Mapping[str, Source]) -> Path:
    one = next(iter(found.values()))
    return one.file if one.member else one.file.parent


def rows_of(share: str, count: int, labels: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """The rows of a share, each class in proportion where there are labels (records,)."""
    rows = np.arange(count)
    if share == "all":
        return rows
    groups = np.zeros(count, np.int64) if labels is None else labels
    if share.endswith(" of two"):
        held = held_out(groups, round(count * VALIDATION_SHARE), SEED)
        return np.flatnonzero(held if share.startswith("validation") else ~held)
    tested = held_out(groups, round(count * TEST_SHARE), SEED)
    if share == "test":
        return np.flatnonzero(tested)
    rest = np.flatnonzero(~tested)
    held = held_out(groups[rest], round(count * VALIDATION_SHARE), SEED + 1)
    return rest[held if share == "validation" else ~held]
