"""The size of resnet1d."""

from __future__ import annotations

from edgebench.core import registry


def test_resnet1d_has_the_required_size() -> None:
    parameters = sum(p.numel() for p in registry.architecture("resnet1d").build(5).parameters())
    assert 1_000_000 <= parameters <= 1_500_000
