"""What a forward pass does with the values of the records is found, with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgebench.models.forward_pass import watched


def kinds(function: Callable[[Tensor], Any]) -> list[tuple[str, str]]:
    records = torch.randn(2, 3, 4)
    with torch.no_grad(), watched(records) as found:
        function(records)
    return [(f.kind, f.place) for f in found]


def inside_a_view(x: Tensor) -> bool:
    kept = torch.zeros(3, 4)
    kept[0] += x[0, 0].view(4)
    return bool(kept.sum() > 0)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("value", lambda x: 1 if x.abs().max() > 3 else 2),
        ("value", lambda x: x.mean().item()),
        ("value", lambda x: x.tolist()),
        ("value", lambda x: x.numpy()),
        ("value", lambda x: torch.equal(x, x * 2)),
        ("value", inside_a_view),
        ("shape", lambda x: x[x > 0]),
        ("random", lambda x: x + torch.rand(4)),
        ("random", lambda x: nn.functional.dropout(x, 0.5)),
    ],
)
def test_what_is_found(kind: str, function: Callable[[Tensor], Any]) -> None:
    (found,) = {(k, place.partition(":")[0]) for k, place in kinds(function) if k == kind}
    assert found == (kind, "test_forward_pass.py")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if torch.ones(1).sum() > 0 else None,  # a constant
        lambda x: x if x.shape[0] > 1 else None,
        lambda x: torch.where(x > 0, x, -x),
        nn.Sequential(nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4), nn.Dropout()).eval(),
    ],
)
def test_what_a_trace_holds_is_not_found(function: Callable[[Tensor], Any]) -> None:
    assert kinds(function) == []


def test_the_line_has_the_code_of_the_user() -> None:
    (found,) = kinds(lambda x: 1 if x.max() > 3 else 2)
    assert found[1].endswith("(found,) = kinds(lambda x: 1 if x.max() > 3 else 2)")
