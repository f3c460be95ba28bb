from __future__ import annotations

import pytest
import torch

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.data.signals import ecg
from edgebench.models.building import build


@pytest.mark.parametrize("spec", [ecg(("I",), 2500, 250), ecg(samples=5000, rate_hz=500)])
def test_a_network_has_the_leads_of_its_signals(spec: InputSpec) -> None:
    network = build(registry.architecture("resnet1d"), 3, spec).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, *spec.shape)).shape == (2, 3)


def test_it_takes_nothing_else() -> None:
    with pytest.raises(ModelError, match="resnet1d"):
        build(registry.architecture("resnet1d"), 3, InputSpec((3, 8, 8), ("channel", "row", "column")))
