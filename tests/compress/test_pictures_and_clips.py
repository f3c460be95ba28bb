"""The compressions of networks for images and clips, down to int8 of the whole network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgebench.core import registry
from edgebench.core.inputs import InputSpec
from edgebench.core.protocols import CompressTask
from edgebench.models import building, flops, structure
from edgebench.quantization import qat
from edgebench.quantization.partition import QUANTIZABLE

AXES = ("channel", "row", "column")
IMAGE, CLIP = InputSpec((3, 16, 16), AXES), InputSpec((2, 3, 16, 16), ("frame", *AXES))
SPECS = {"resnet8": IMAGE, "resnet20": IMAGE, "resnet8-frames": CLIP}


def task_of(name: str) -> tuple[InputSpec, CompressTask]:
    """Eight random records: classes of images, and a quantity of clips."""
    spec = SPECS[name]
    outputs, kind = (1, "regression") if spec is CLIP else (10, "classification")
    task = registry.task(kind)
    records = np.random.default_rng(0).random((8, *spec.shape)).astype(np.float32)
    rows = task.rows(np.arange(8.0)[:, None] if spec is CLIP else np.arange(8), outputs)
    return spec, CompressTask(spec.shape, outputs, lambda: (records, rows), lambda o, y: task.loss(o, y, None))


def built(name: str) -> nn.Module:
    torch.manual_seed(0)
    spec, task = task_of(name)
    return building.build(registry.architecture(name), task.classes, spec).eval()


def applied(spec: str, network: nn.Module, name: str) -> Any:
    return registry.variant(spec).apply(network, spec, task_of(name)[1])


@pytest.mark.parametrize("name", SPECS)
def test_zeros(name: str) -> None:
    network = applied("l1-0.4", built(name), name)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            assert float((module.weight == 0).float().mean()) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(
    ("name", "spec"),
    [("resnet8", "structured-0.4"), ("resnet20", "structured-0.4"), ("resnet20", "structured-0.4-global"),
     ("resnet8-frames", "structured-0.3-taylor")],
)  # fmt: skip
def test_channels_go_and_the_network_is_built_again(name: str, spec: str) -> None:
    """ResNet-20's padded shortcuts keep the channels that they join; its blocks lose inner ones."""
    dense, (found, task) = built(name), task_of(name)
    network = applied(spec, dense, name)
    assert flops.macs(network, found.shape) <= (1 - float(spec.split("-")[1])) * flops.macs(dense, found.shape)
    again = built(name)
    structure.apply(again, structure.changes(network, dense), network.state_dict())
    again.load_state_dict(network.state_dict())
    records = torch.from_numpy(task.labelled()[0])
    assert torch.allclose(again(records), network(records), atol=1e-5)
    if name == "resnet20":
        blocks = list(network.backbone.stages)
        assert [block.conv2.out_channels for block in blocks] == [16] * 3 + [32] * 3 + [64] * 3
        assert all(block.conv1.out_channels < block.conv2.out_channels for block in blocks[:3])


@pytest.mark.parametrize("name", SPECS)
def test_training_with_int8_covers_the_whole_network(name: str) -> None:
    """After pruning, too; a step of training has a gradient in every layer, and the engine takes the result."""
    _, task = task_of(name)
    small = applied("structured-0.3", built(name), name)
    network = applied("qat", small, name)
    assert network.partition.float_parts == ()
    records, rows = map(torch.from_numpy, task.labelled())
    network.train()
    task.loss(network(records), rows).backward()  # type: ignore[no-untyped-call]
    weights = [p for p in network.parameters() if p.ndim > 1]
    assert len(weights) == sum(isinstance(m, QUANTIZABLE) for m in small.modules())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in weights)
    quantized, floats = qat.convert(network.eval(), "fbgemm", records)
    assert floats == ()
    assert not any(isinstance(m, QUANTIZABLE) and "quantized" not in type(m).__module__ for m in quantized.modules())
