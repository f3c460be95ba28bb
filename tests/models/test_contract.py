"""The contract of every registered architecture; a new one needs no test file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgebench.core import registry
from edgebench.models import building


@pytest.mark.parametrize("name", registry.names("models"))
def test_contract(name: str) -> None:
    """Outputs (batch, outputs) of records (batch, *shape), with the normalisation inside."""
    architecture = registry.architecture(name)
    spec = architecture.input
    network = building.build(architecture, 5, spec).eval()
    signals = torch.randn(2, *spec.shape)
    count = spec.shape[spec.axes.index("channel") if "channel" in spec.axes else 0]
    with torch.inference_mode():
        logits = network(signals)
        assert logits.shape == (2, 5)
        architecture.fit_input(network, np.full(count, 1.5, np.float32), np.full(count, 2.0, np.float32))
        np.testing.assert_allclose(network(signals * 2 + 1.5).numpy(), logits.numpy(), rtol=1e-3, atol=1e-4)
