"""A network whose code looks at its input is never exported as one of its branches."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgebench.core import registry
from edgebench.core.errors import EdgeBenchError, ModelError
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import ecg

RANDOM = np.random.default_rng(0)
QUIET = RANDOM.normal(0, 0.3, (48, 12, 40)).astype(np.float32).clip(-1, 1)
LOUD = QUIET.copy()
LOUD[40] *= 10
TRACED = ("torchscript", "fbgemm-int8", "qnnpack-int8", "torch-int8-dynamic")


class Net(nn.Module):
    """A convolution, what `change` makes of the input before it, and a linear layer."""

    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.change, self.conv, self.head = change, nn.Conv1d(12, 8, 3), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.conv(self.change(x)).relu().mean(2))


def clamped(x: Tensor) -> Tensor:
    if x.abs().max() > 3:  # the largest of all records
        x = x.clamp(-1, 1) * -3
    return x


def negative(x: Tensor) -> Tensor:
    return x * 2 if x.mean().item() < 0 else x


def one_record(x: Tensor) -> Tensor:
    return x * 2 if len(x) == 1 else x


def checked(x: Tensor) -> Tensor:
    assert not x.isnan().any()
    return x


def tensors_only(x: Tensor) -> Tensor:
    return x * 2 if isinstance(x, Tensor) else x


def export(name: str, folder: Path, change: Callable[[Tensor], Tensor], signals: NDArray[np.float32] = QUIET) -> Any:
    def check() -> Iterator[tuple[NDArray[np.float32]]]:
        yield from ((signals[start : start + 16],) for start in range(0, len(signals), 16))

    torch.manual_seed(0)
    task = ExportTask(Net(change).eval(), folder, folder, ecg(samples=40), lambda: QUIET[:16], check=check)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return registry.exporter(name).export(task)


@pytest.mark.parametrize("name", TRACED)
@pytest.mark.parametrize("signals", [QUIET, LOUD], ids=["quiet", "loud"])
def test_a_frozen_branch_fails_and_is_named(name: str, signals: NDArray[np.float32], tmp_path: Path) -> None:
    """Also where no check record takes the other branch: records ten times as large do."""
    with pytest.raises(ModelError, match=r"test_branches\.py:\d+: if x\.abs\(\)\.max\(\) > 3:"):
        export(name, tmp_path, clamped, signals)


@pytest.mark.parametrize("change", [negative, one_record])
def test_siblings(change: Callable[[Tensor], Tensor], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="input" if change is one_record else r"x\.mean\(\)\.item\(\) < 0"):
        export("torch-int8-dynamic", tmp_path, change)


@pytest.mark.parametrize("name", ["onnx", "onnx-int8"])
def test_onnx_names_the_condition_on_one_plain_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        export(name, tmp_path, clamped)
    text = str(caught.value)
    assert "if x.abs().max() > 3:" in text and text.isprintable() and len(text) < 300


@pytest.mark.parametrize("name", TRACED)
def test_a_condition_that_changes_nothing_is_no_fault(name: str, tmp_path: Path) -> None:
    assert export(name, tmp_path, checked).file.exists()


def test_what_fx_alone_sees_otherwise_is_no_int8(tmp_path: Path) -> None:
    """FX runs the code with stand-ins for tensors, which are none."""
    assert export("torchscript", tmp_path, tensors_only).file.exists()
    with pytest.raises(EdgeBenchError, match="FX"):
        export("fbgemm-int8", tmp_path, tensors_only)
