"""What every registered architecture must do; a new one needs no test file of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgebench.core import registry


@pytest.mark.parametrize("name", registry.names("models"))
def test_contract(name: str) -> None:
    architecture = registry.architecture(name)
    network = architecture.build(5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(3, *architecture.input.shape)).shape == (3, 5)


@pytest.mark.parametrize("name", registry.names("models"))
def test_normalisation_is_inside(name: str) -> None:
    architecture = registry.architecture(name)
    network = architecture.build(5).eval()
    signals = torch.randn(2, *architecture.input.shape)
    with torch.inference_mode():
        before = network(signals)
        architecture.fit_input(network, np.full(12, 1.5, np.float32), np.full(12, 2.0, np.float32))
        np.testing.assert_allclose(network(signals * 2 + 1.5).numpy(), before.numpy(), rtol=1e-3, atol=1e-4)
