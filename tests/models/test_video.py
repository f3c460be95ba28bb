from __future__ import annotations

import torch
from torch import nn

from edgebench.models.video import FrameMax, FrameMean, by_frames, coarse_resnet8_features, resnet18_features


def test_the_features_of_the_frames_are_averaged() -> None:
    network = FrameMean(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), 3, 2).eval()
    clips = torch.rand(5, 6, 1, 2, 2)
    by_hand = torch.stack([network.head(torch.stack([network.backbone(f[None])[0] for f in c]).mean(0)) for c in clips])
    assert torch.allclose(network(clips), by_hand, atol=1e-6)


def test_resnet18_is_the_published_one_with_a_head_of_one_output() -> None:
    """11,689,512 parameters with 1000 classes (He et al.; torchvision)."""
    network = by_frames(resnet18_features)(1).eval()
    assert sum(p.numel() for p in network.parameters()) == 11_689_512 - 513_000 + 513
    assert network(torch.zeros(2, 8, 3, 112, 112)).shape == (2, 1)


def test_the_largest_of_each_feature_over_the_frames_is_taken() -> None:
    network = FrameMax(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), 3, 2).eval()
    clips = torch.rand(5, 6, 1, 2, 2)
    features = torch.stack([network.backbone(frame) for frame in clips.unbind(1)])
    assert torch.allclose(network(clips), network.head(features.max(0).values), atol=1e-6)


def test_coarse_frames_are_means_of_eight_by_eight_pixels() -> None:
    network = by_frames(coarse_resnet8_features, FrameMax)(1).eval()
    clips = torch.rand(2, 3, 3, 16, 24)
    means = clips.reshape(2, 3, 3, 2, 8, 3, 8).mean((4, 6))
    blocks = means.repeat_interleave(8, 3).repeat_interleave(8, 4)
    assert torch.allclose(network(clips), network(blocks), atol=1e-4)
