"""The counter adds up what each operator multiplies."""

from __future__ import annotations

import pytest
import torch

from edgebench.core.errors import Uncounted
from edgebench.models.mac_counter import Counter


def test_operators_add_up() -> None:
    a, b = torch.zeros(3, 4), torch.zeros(4, 5)
    with torch.no_grad(), Counter() as counter:
        product = a @ b
        torch.relu(product + 1).sum().sqrt_()
        product.mv(torch.zeros(5))
    assert counter.macs == 3 * 4 * 5 + 3 * 5


def test_an_unknown_operator_is_named_with_its_line() -> None:
    with pytest.raises(Uncounted, match=r"aten::_cdist_forward \(test_mac_counter\.py:\d+: torch\.cdist"), Counter():
        torch.cdist(torch.zeros(1, 3, 4), torch.zeros(1, 3, 4))


def test_a_composed_operator_is_taken_apart_in_inference_mode() -> None:
    with torch.inference_mode(), Counter() as counter:
        torch.nn.functional.linear(torch.zeros(2, 3), torch.zeros(4, 3))
        torch.einsum("ij,kj->ik", torch.zeros(2, 3), torch.zeros(4, 3))
    assert counter.macs == 2 * (2 * 3 * 4)
