"""A network that answers something else than its task needs is refused before it is trained or exported."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from edgebench.core.errors import ModelError
from edgebench.core.expected import Expected
from edgebench.core.inputs import InputSpec
from edgebench.models.card import Card
from edgebench.models.card_input import CardInput
from edgebench.models.external.own_network import OwnNetwork
from edgebench.models.external.trial import require_outputs

TABLE = InputSpec((5,), ("feature",))
IMAGE = InputSpec((3, 8, 9), ("channel", "row", "column"))


def tried(network: nn.Module, spec: InputSpec, classes: tuple[str, ...], card: Card | None = None) -> None:
    feed = (card or Card()).io_adapter(Expected(spec, task="classification"))
    require_outputs(OwnNetwork(network, feed, spec), spec, classes, "mine.py:net")


def test_what_fits() -> None:
    tried(nn.Linear(5, 3), TABLE, ("a", "b", "c"))
    tried(nn.Sequential(nn.Linear(5, 1), nn.Flatten(0)), TABLE, ("y",))  # one value without an axis
    last = Card(input=CardInput(layout="channels-last"))
    tried(nn.Sequential(nn.Flatten(1, 2), nn.Linear(3, 2), nn.Flatten(), nn.Linear(144, 2)), IMAGE, ("a", "b"), last)
    require_outputs(nn.Linear(1, 1), TABLE, ("a",), "one of EdgeBench's own is not tried")


@pytest.mark.parametrize(
    ("network", "spec", "said"),
    [
        (nn.Linear(5, 4), TABLE, ("(2, 4)", "(2, 3)", "3 classes: a, b, c")),
        (nn.Linear(6, 3), TABLE, ("does not take (batch, 5)", "5 features")),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 3)), IMAGE, ("(batch, 3, 8, 9)", "axes = [...]")),
        (nn.LSTM(5, 3), TABLE, ("several outputs", "output")),
    ],
)
def test_what_does_not(network: nn.Module, spec: Any, said: tuple[str, ...]) -> None:
    with pytest.raises(ModelError) as raised:
        tried(network, spec, ("a", "b", "c"))
    line = str(raised.value)
    assert "\n" not in line and all(text in line for text in said), line
