"""Weights that were saved in parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from edgebench.core.errors import ModelError
from edgebench.models.external.loading import load_into
from edgebench.models.external.state_forms import formed

cut: Any = prune.random_unstructured
whole: Any = prune.ln_structured


def made() -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(3, 4, 5), nn.ConvTranspose1d(4, 2, 3))


def answers_alike(parts: nn.Module) -> list[str]:
    """Load the state of a network with parts into a plain one; what was said."""
    plain = made()
    notes = load_into(plain, parts.state_dict(), "w.pt", "net.py:build")
    signals = torch.randn(2, 3, 20)
    torch.testing.assert_close(plain(signals), parts(signals))
    return notes


def test_masks_of_pruning() -> None:
    network = made()
    cut(network[0], "weight", 0.5)
    whole(network[1], "weight", 0.5, 2, 0)
    assert answers_alike(network)[0].startswith("2 masks")


@pytest.mark.parametrize("norm", [nn.utils.weight_norm, parametrizations.weight_norm])
@pytest.mark.parametrize("dim", [0, 1, 2, None])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_weight_norm(norm: Callable[..., nn.Module], dim: int | None) -> None:
    network = made()
    norm(network[0], dim=dim)
    with torch.no_grad():
        for name, value in network[0].named_parameters():
            if name.endswith(("_g", "original0")):
                value.mul_(1.5)
    assert "weight_norm" in answers_alike(network)[0]


def test_a_single_module() -> None:
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    plain = nn.Linear(3, 2)
    load_into(plain, layer.state_dict(), "w", "n")
    torch.testing.assert_close(plain.weight, layer.weight)


def test_parts_and_a_prefix() -> None:
    network = made()
    cut(network[0], "weight", 0.5)
    plain = made()
    state = {f"_orig_mod.{name}": value for name, value in network.state_dict().items()}
    assert len(load_into(plain, state, "w", "n")) == 2
    torch.testing.assert_close(plain[0].weight, network[0].weight)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_other_parts_are_named_with_the_way_out() -> None:
    spectral = made()
    nn.utils.spectral_norm(spectral[0])
    with pytest.raises(ModelError, match="remove_spectral_norm"):
        load_into(made(), spectral.state_dict(), "w", "n")

    class Double(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

    doubled = made()
    parametrize.register_parametrization(doubled[0], "weight", Double())
    with pytest.raises(ModelError, match="remove_parametrizations"):
        load_into(made(), doubled.state_dict(), "w", "n")


def test_parts_that_do_not_fit_each_other() -> None:
    for second in ("weight_mask", "weight_g"):
        first = "weight_orig" if second == "weight_mask" else "weight_v"
        with pytest.raises(ModelError, match="do not fit each other"):
            formed({first: torch.ones(3, 2), second: torch.ones(5)}, ["weight"], "w")


def test_parts_that_the_network_keeps_itself_stay() -> None:
    network = parametrizations.weight_norm(nn.Linear(3, 2))
    state = network.state_dict()
    assert formed(state, state, "w") == (state, [])
