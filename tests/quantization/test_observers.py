"""Ranges of int8, compared with values computed by hand."""

from __future__ import annotations

import pytest
import torch
from torch.ao.quantization import observer as ao

from edgebench.quantization.observers import HistogramObserver, PercentileObserver, qconfig


def seen(options: dict[str, str], values: torch.Tensor, engine: str = "qnnpack") -> tuple[float, int]:
    observer = qconfig(engine, options).activation()
    observer(values)
    scale, zero = observer.calculate_qparams()
    return float(scale), int(zero)


def test_min_max_affine() -> None:
    """-1 to 3 in 255 steps; zero lies at 1 / (4 / 255) = 63.75, rounded."""
    scale, zero = seen({"calibration": "minmax"}, torch.tensor([-1.0, 0.5, 3.0]))
    assert scale == pytest.approx(4 / 255, rel=1e-6)
    assert zero == 64


def test_min_max_symmetric() -> None:
    """3 to either side: 6 in 255 steps, zero in the middle."""
    options = {"calibration": "minmax", "activations": "symmetric-activations"}
    scale, zero = seen(options, torch.tensor([-1.0, 0.5, 3.0]))
    assert scale == pytest.approx(6 / 255, rel=1e-6)
    assert zero == 127


@pytest.mark.parametrize("engine", ["fbgemm", "x86", "onednn"])
def test_an_engine_that_may_lack_vnni_gets_seven_bits(engine: str) -> None:
    scale, _ = seen({"calibration": "minmax"}, torch.tensor([-1.0, 3.0]), engine)
    assert scale == pytest.approx(4 / 127, rel=1e-6)


def test_symmetric_in_seven_bits_reaches_both_ends() -> None:
    observer = qconfig("fbgemm", {"calibration": "minmax", "activations": "symmetric-activations"}).activation()
    values = torch.tensor([-2.0, 2.0])
    observer(values)
    scale, zero = observer.calculate_qparams()
    back = torch.fake_quantize_per_tensor_affine(values, float(scale), int(zero), 0, 127)
    assert (back - values).abs().max() <= float(scale)


@pytest.mark.parametrize("engine", ["fbgemm", "qnnpack"])
def test_the_histograms_range_fits_the_number_of_levels(engine: str) -> None:
    """With 7 bits, the range has a smaller error than the one that torch's own observer takes for 8."""
    torch.manual_seed(0)
    values = torch.distributions.StudentT(3.0).sample((100_000,))
    errors = []
    for kind in (HistogramObserver, ao.HistogramObserver):
        observer = kind.with_args(reduce_range=engine == "fbgemm")()
        observer(values)
        scale, zero = observer.calculate_qparams()
        top = 127 if engine == "fbgemm" else 255
        back = torch.fake_quantize_per_tensor_affine(values, float(scale), int(zero), 0, top)
        errors.append(float(((back - values) ** 2).mean()))
    assert errors[0] < 0.98 * errors[1] if engine == "fbgemm" else errors[0] == errors[1]


def test_percentile_omits_the_rarest_values() -> None:
    """100,000 values from 0 to 1 and one of 100: the range ends near 1, not at 100."""
    observer = PercentileObserver(bins=2048)
    observer(torch.cat([torch.linspace(0, 1, 100_000), torch.tensor([100.0])]))
    scale, _ = observer.calculate_qparams()
    assert float(scale) * 255 == pytest.approx(1.0, abs=0.1)


def test_moving_average_is_between_the_batches() -> None:
    observer = qconfig("onednn", {"calibration": "moving-average"}).activation()
    observer(torch.tensor([0.0, 1.0]))
    observer(torch.tensor([0.0, 2.0]))
    assert float(observer.max_val) == pytest.approx(1.0 + 0.01 * (2.0 - 1.0), rel=1e-6)


@pytest.mark.parametrize(("engine", "options", "scheme"), [
    ("fbgemm", {}, torch.per_channel_symmetric),
    ("fbgemm", {"granularity": "per-tensor"}, torch.per_tensor_symmetric),
    ("fbgemm", {"weights": "affine-weights"}, torch.per_channel_affine),
    ("fbgemm", {"granularity": "per-tensor", "weights": "affine-weights"}, torch.per_tensor_affine),
    ("qnnpack", {}, torch.per_tensor_symmetric),
    ("qnnpack", {"granularity": "per-channel"}, torch.per_channel_symmetric),
])  # fmt: skip
def test_weights(engine: str, options: dict[str, str], scheme: torch.qscheme) -> None:
    """Without options, QNNPACK has one scale for each layer and the others one for each channel."""
    assert qconfig(engine, options).weight().qscheme == scheme
