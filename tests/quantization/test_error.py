"""Quantized tensors: torch's bits, and errors computed by hand."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.ao.quantization import MinMaxObserver, PerChannelMinMaxObserver

from edgebench.quantization import error

RANDOM = np.random.default_rng(0)
TENSORS = {
    "normal": RANDOM.normal(0, 0.05, (32, 16, 3)),
    "skewed": RANDOM.lognormal(0, 1.5, (32, 16, 3)),
    "one-sided": -RANDOM.gamma(0.5, 0.1, (24, 40)),
    "outlier": np.concatenate([RANDOM.normal(0, 0.01, (8, 63)), np.full((8, 1), 3.0)], 1),
    "ties": np.arange(-64, 64).reshape(8, 16) / 2,
    "zeros": np.zeros((4, 4)),
}


@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("name", TENSORS)
def test_torch_gives_the_same_bits(name: str, scheme: error.Scheme, axis: int | None) -> None:
    x = TENSORS[name].astype(np.float32)
    found = error.quantize(x, scheme, axis=axis)
    scheme_name = f"per_{'tensor' if axis is None else 'channel'}_{scheme}"
    settings: dict[str, Any] = {"dtype": torch.qint8, "qscheme": getattr(torch, scheme_name)}
    observer: Any = MinMaxObserver(**settings) if axis is None else PerChannelMinMaxObserver(ch_axis=axis, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        observer(torch.from_numpy(x))
        scale, zero = observer.calculate_qparams()
    assert found.scale.tobytes() == scale.numpy().astype(np.float32).tobytes()
    assert found.zero_point.tolist() == zero.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if axis is None:
            wanted = torch.quantize_per_tensor(torch.from_numpy(x), float(scale), int(zero), torch.qint8)
        else:
            wanted = torch.quantize_per_channel(torch.from_numpy(x), scale.double(), zero, axis, torch.qint8)
    assert (found.integers == wanted.int_repr().numpy()).all()
    assert found.real().tobytes() == wanted.dequantize().numpy().tobytes()


def test_errors_by_hand() -> None:
    """Step 1: 1.4 becomes 1, -127 stays, 0.25 becomes 0 and 200 is clipped to 127."""
    x = np.array([1.4, -127.0, 0.25, 200.0], np.float32)
    found = error.quantize(x, limits=(-127.5, 127.5))
    assert found.scale.tolist() == [1.0]
    assert found.integers.tolist() == [1, -127, 0, 127]
    lost = error.loss(x, found)
    power, noise = 1.4**2 + 127**2 + 0.25**2 + 200**2, 0.4**2 + 0.25**2 + 73**2
    assert lost.sqnr_db == pytest.approx(10 * math.log10(power / noise), abs=1e-5)
    assert lost.max_error == pytest.approx(73)
    assert lost.clipped == 0.25
    assert lost.range_used == pytest.approx(254 / 255)


@pytest.mark.parametrize("bits", [4, 6, 8])
def test_six_decibels_a_bit(bits: int) -> None:
    """A uniform tensor from -1 to 1 has power 1/3 and loses s^2 / 12 (Bennett, 1948), with s = 2 / (2^bits - 1)."""
    x = RANDOM.uniform(-1, 1, 100_000).astype(np.float32)
    found = error.loss(x, error.quantize(x, bits=bits))
    assert found.sqnr_db == pytest.approx(20 * math.log10(2**bits - 1), abs=0.1)


def test_a_channel_of_its_own_scale_loses_less() -> None:
    x = (RANDOM.normal(0, 1, (8, 500)) * np.logspace(-3, 0, 8)[:, None]).astype(np.float32)
    whole, each = (error.loss(x, error.quantize(x, axis=axis)) for axis in (None, 0))
    small = x[0].astype(np.float32)
    assert error.loss(small, error.quantize(small, limits=(x.min(), x.max()))).sqnr_db < 5
    assert each.sqnr_db > whole.sqnr_db + 5
    assert each.range_used > 0.9


@pytest.mark.parametrize("name", ["skewed", "one-sided"])
def test_affine_uses_the_range_of_a_skewed_tensor(name: str) -> None:
    x = TENSORS[name].astype(np.float32)
    symmetric, affine = (error.loss(x, error.quantize(x, scheme)) for scheme in ("symmetric", "affine"))
    assert affine.range_used == pytest.approx(1, abs=0.01)
    assert symmetric.range_used == pytest.approx(0.5, abs=0.01)
    assert affine.sqnr_db == pytest.approx(symmetric.sqnr_db + 6, abs=1)


def test_the_last_axis_can_be_named_from_behind() -> None:
    x = TENSORS["normal"].astype(np.float32)
    assert (error.quantize(x, axis=-1).real() == error.quantize(x, axis=2).real()).all()


@pytest.mark.parametrize(
    ("values", "settings", "named"),
    [
        (np.zeros(0), {}, "tensor"),
        (np.array([1.0, np.nan]), {}, "tensor"),
        (np.ones(3), {"bits": 1}, "bits"),
        (np.ones(3), {"axis": 1}, "axis"),
        (np.ones(3), {"limits": (1.0, 1.0)}, "limits"),
    ],
)
def test_wrong_arguments(values: NDArray[np.float32], settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"quantize: .*{named}"):
        error.quantize(values, **settings)
