"""Layers that models share, with numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgebench.models.layers import ConcatPoolHead, Standardise, fit_standardise


def test_each_lead_is_standardised_by_its_own_statistics() -> None:
    layer = Standardise(2)
    signals = torch.tensor([[[3.0, 5.0], [-1.0, 0.0]]])
    assert torch.equal(layer(signals), signals), "new, it changes nothing"
    layer.fit(torch.tensor([1.0, -1.0]), torch.tensor([2.0, 0.5]))
    assert layer(signals).tolist() == [[[1.0, 2.0], [0.0, 2.0]]]


def test_the_statistics_are_stored_with_the_weights() -> None:
    layer = Standardise(2)
    layer.fit(torch.tensor([1.0, -1.0]), torch.tensor([2.0, 0.5]))
    assert not list(layer.parameters()), "training does not change them"
    again = Standardise(2)
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again(torch.ones(1, 2, 3)), layer(torch.ones(1, 2, 3)))


def test_statistics_reach_the_layer_wherever_it_lies() -> None:
    mean, std = np.array([1, 2], np.float32), np.array([2, 4], np.float32)
    network = nn.Sequential(nn.Sequential(Standardise(2)), nn.Flatten())
    fit_standardise(network, mean, std)
    assert network(torch.tensor([[[5.0], [10.0]]])).tolist() == [[2.0, 2.0]]
    fit_standardise(nn.Flatten(), mean, std)  # a network without the layer is left alone


def test_the_head_joins_maximum_and_mean_in_the_papers_order() -> None:
    head = ConcatPoolHead(channels=2, classes=1, hidden=4).eval()
    first, last = head.layers[2], head.layers[6]
    assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
    with torch.no_grad():
        first.weight.copy_(torch.eye(4))
        first.bias.zero_()
        last.weight.copy_(torch.tensor([[1.0, 10.0, 100.0, 1000.0]]))
        last.bias.fill_(0.5)
    # Maxima 3 and 8, means 2 and 5; the two normalisations are new, so they only divide by sqrt(1 + 1e-5).
    found = head(torch.tensor([[[1.0, 3.0], [8.0, 2.0]]])).item()
    assert found == pytest.approx(3 + 10 * 8 + 100 * 2 + 1000 * 5 + 0.5, rel=2e-5)


def test_the_head_has_both_dropouts() -> None:
    head = ConcatPoolHead(4, 5, dropout=0.3)
    assert [m.p for m in head.modules() if isinstance(m, nn.Dropout)] == [0.15, 0.3]
    assert head(torch.zeros(2, 4, 7)).shape == (2, 5)
