"""Any network of timm by its name."""

from __future__ import annotations

import pytest
import torch

from edgebench.core import registry
from edgebench.core.errors import ModelError, UnknownPlugin


def test_a_network_of_timm_takes_the_signal() -> None:
    architecture = registry.architecture("timm:test_resnet")
    network = architecture.build(5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 12, 1000)).shape == (2, 5)
    assert architecture.name == "timm:test_resnet"


def test_the_error_of_an_unknown_name_has_near_names() -> None:
    with pytest.raises(ModelError, match=r"resnet19.*resnet18"):
        registry.architecture("timm:resnet19")


def test_a_source_that_does_not_exist() -> None:
    with pytest.raises(UnknownPlugin):
        registry.architecture("nowhere:thing")
