"""What Optuna proposes."""

from __future__ import annotations

import sys

import fed_trials
import pytest
from fed_trials import SPACE

from edgebench.core.errors import MissingPackage
from edgebench.optimization import sampler
from edgebench.optimization.space import Space

TRIED = [("onnx-int8", 1.0), ("onnx", 3.0), ("other-int8", None), ("onnx-int8:entropy", 0.5)]


def test_the_same_seed_and_trials_give_the_same_proposals() -> None:
    first = sampler.propose(SPACE, TRIED, 0, 3)
    assert first == sampler.propose(SPACE, TRIED, 0, 3)
    assert len({*first, *(name for name, _ in TRIED)}) == 3 + len(TRIED), "none was tried"
    assert len({tuple(sampler.propose(SPACE, TRIED, seed, 3)) for seed in range(4)}) > 1


def test_every_spec_comes_once_and_then_none() -> None:
    tried = [("onnx", 1.0)]
    while found := sampler.propose(SPACE, tried, 0, 5):
        tried += [(name, 1.0) for name in found]
    assert len(tried) == len({name for name, _ in tried}) == SPACE.size


def test_proposals_follow_the_values() -> None:
    """What all good trials have in common is proposed most often."""
    space = Space({"onnx-int8": {f"c{i}": (f"a{i}", f"b{i}") for i in range(7)}})
    specs = list(space.specs("onnx-int8"))
    tried = [(name, 0.0 if "b0" in name else 10.0) for name in specs[::5]]
    found = [name for seed in range(8) for name in sampler.propose(space, tried, seed, 3)]
    assert sum("b0" in name for name in found) > 0.7 * len(found)
    at_random = [name for seed in range(8) for name in sampler.propose(space, tried, seed, 3, uniform=True)]
    assert sum("b0" in name for name in at_random) < 0.7 * len(at_random)


def test_without_optuna_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingPackage, match=r"edgebench\[optimize\]"):
        sampler.require()
    assert fed_trials.SPACE.size == 13
