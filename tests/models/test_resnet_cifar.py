from __future__ import annotations

import pytest
import torch

from edgebench.models import resnet_cifar


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_resnet20_has_the_published_size() -> None:
    """Section 4.2 of the paper gives 0.27 M; by hand: convolutions 267,696, normalisation 1,376, classifier 650."""
    stages = 9 * (3 * 16 + 6 * 16 * 16 + 16 * 32 + 5 * 32 * 32 + 32 * 64 + 5 * 64 * 64)
    norms = 2 * (16 * 7 + 32 * 6 + 64 * 6)
    assert parameters(resnet_cifar.resnet20(3, 10)) == stages + norms + 64 * 10 + 10 == 269_722


def test_resnet8_has_the_published_size() -> None:
    """MLPerf Tiny gives 78 k parameters; theirs count the moving averages and the biases of convolutions too."""
    stages = 9 * (3 * 16 + 2 * 16 * 16 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
    shortcuts = 16 * 32 + 32 + 32 * 64 + 64
    norms = 2 * (16 * 3 + 32 * 2 + 64 * 2)
    assert parameters(resnet_cifar.resnet8(3, 10)) == stages + shortcuts + norms + 650
    averages = norms
    biases = 16 * 3 + 32 * 2 + 64 * 2
    assert stages + shortcuts + norms + 650 + averages + biases == 78_666


@pytest.mark.parametrize("make", [resnet_cifar.resnet20, resnet_cifar.resnet8, resnet_cifar.course_resnet])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_of_image(make: object, channels: int) -> None:
    network = make(channels, 7).eval()  # type: ignore[operator]
    for size in (28, 32):
        assert network(torch.zeros(2, channels, size, size)).shape == (2, 7)
