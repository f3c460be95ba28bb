from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.data.signals import ECG, ecg
from edgebench.models.building import build, input_for

IMAGE, GREY = (InputSpec((n, 28, 32), ("channel", "row", "column")) for n in (3, 1))
CLIP = InputSpec((4, 3, 32, 32), ("frame", "channel", "row", "column"))
VALUES = InputSpec((10,), ("value",))


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("resnet1d", ECG), ("mobilenetv3-small", ECG), ("mobilenetv3-small", IMAGE), ("mobilenetv3-small", GREY),
        ("timm:resnet10t", IMAGE), ("resnet8", IMAGE), ("resnet8", GREY), ("resnet8-frames", CLIP),
    ],
)  # fmt: skip
def test_a_network_for_the_records(name: str, spec: InputSpec) -> None:
    network = build(registry.architecture(name), 4, spec).eval()
    with torch.inference_mode():
        assert network(torch.rand(2, *spec.shape)).shape == (2, 4)
    assert input_for(registry.architecture(name), spec, "x") == spec


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("resnet8", ECG), ("resnet8", CLIP), ("resnet8-frames", IMAGE), ("mobilenetv3-small", VALUES),
        ("mobilenetv3-small", replace(IMAGE, shape=(2, 28, 32))), ("timm:resnet10t", CLIP),
    ],
)  # fmt: skip
def test_records_that_it_does_not_take(name: str, spec: InputSpec) -> None:
    with pytest.raises(ModelError, match=name):
        build(registry.architecture(name), 4, spec)


class Fixed:
    """A plug-in that knows nothing of inputs."""

    name, input = "fixed", ecg(samples=50)

    def build(self, classes: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(600, classes))


def test_an_architecture_of_one_input() -> None:
    fixed: object = Fixed()
    assert build(fixed, 3, Fixed.input)(torch.zeros(2, 12, 50)).shape == (2, 3)  # type: ignore[arg-type]
    for call in (lambda: build(fixed, 3, ECG), lambda: input_for(fixed, ECG, "x")):  # type: ignore[arg-type]
        with pytest.raises(ModelError, match="fixed"):
            call()
