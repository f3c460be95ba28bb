"""The contract of every registered architecture; a new one needs no test file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgebench.core import registry


@pytest.mark.parametrize("name", registry.names("models"))
def test_contract(name: str) -> None:
    """Logits (batch, classes) of signals (batch, leads, samples) in mV, with the normalisation inside."""
    architecture = registry.architecture(name)
    network = architecture.build(5).eval()
    signals = torch.randn(2, *architecture.input.shape)
    with torch.inference_mode():
        logits = network(signals)
        assert logits.shape == (2, 5)
        architecture.fit_input(network, np.full(12, 1.5, np.float32), np.full(12, 2.0, np.float32))
        np.testing.assert_allclose(network(signals * 2 + 1.5).numpy(), logits.numpy(), rtol=1e-3, atol=1e-4)
