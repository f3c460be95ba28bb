from __future__ import annotations

import numpy as np
import torch
from torch import nn

from edgebench.core.inputs import InputSpec
from edgebench.models.pictures import AXES, fit_normalise, of_backbone


class Seen(nn.Module):
    """Keeps what it is given."""

    images: torch.Tensor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.images = images
        return images.mean((2, 3))


def test_a_single_channel_is_normalised_and_repeated() -> None:
    seen = Seen()
    network = of_backbone("x", lambda outputs: seen, 3, 2, InputSpec((1, 4, 5), AXES))
    fit_normalise(network, np.array([0.5], np.float32), np.array([0.25], np.float32))
    images = torch.rand(2, 1, 4, 5)
    network(images)
    assert torch.allclose(seen.images, ((images - 0.5) / 0.25).expand(2, 3, 4, 5))


def test_colours_are_normalised_by_channel() -> None:
    network = of_backbone("x", lambda outputs: Seen(), 3, 2, InputSpec((3, 4, 5), AXES))
    fit_normalise(network, np.array([0, 0.5, 1], np.float32), np.array([1, 0.5, 2], np.float32))
    assert network(torch.ones(2, 3, 4, 5)).tolist() == [[1, 1, 0]] * 2
