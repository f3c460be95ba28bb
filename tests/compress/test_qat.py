"""The variant `qat`: its engines, and the network that it gives."""

from __future__ import annotations

import pytest
import torch
from compress_tasks import task
from torch import nn

from edgebench.compress.qat import CHOICES, VARIANT
from edgebench.core.errors import PlanError, Unsupported
from edgebench.quantization.aware import QuantizationAware


def network() -> nn.Module:
    torch.manual_seed(0)
    features = nn.Sequential(nn.Conv1d(12, 4, 5, stride=4), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    return nn.Sequential(*features, nn.Linear(4, 5))


SPECS = {"qat": "fbgemm", **{f"qat-{name}": name for name in CHOICES["engine"]}}


@pytest.mark.parametrize(("spec", "engine"), SPECS.items())
def test_the_spec_names_the_engine(spec: str, engine: str) -> None:
    VARIANT.check(spec)
    dense = network().eval()
    made = VARIANT.apply(dense, spec, task())
    assert isinstance(made, QuantizationAware)
    assert made.settings == {"engine": engine, "floats": {}}
    signals = torch.from_numpy(task().labelled()[0])
    with torch.no_grad():
        rounded, exact = made.eval()(signals), dense(signals)
    assert 0 < (rounded - exact).abs().max() < 0.1 * (exact.max() - exact.min()), "rounded, in the records' ranges"


@pytest.mark.parametrize("spec", ["qat-tpu", "qat-fbgemm-qnnpack", "qat-0.5"])
def test_other_words_are_refused(spec: str) -> None:
    with pytest.raises(PlanError, match=spec):
        VARIANT.check(spec)


def test_a_network_without_a_layer_to_quantize_is_unsupported() -> None:
    with pytest.raises(Unsupported):
        VARIANT.apply(nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten()), "qat", task())
