"""Kernels of ExecuTorch by their names; tests/runtimes/test_executorch.py times real ones."""

from __future__ import annotations

import pytest

from edgebench.runtimes import executorch_profile


@pytest.mark.parametrize(
    ("event", "name", "kind"),
    [
        ("Convolution (NHWC, QC8) IGEMM #2", "Convolution (NHWC, QC8) IGEMM", "int8"),
        ("Fully Connected (NC, QS8, QC8W) GEMM #1", "Fully Connected (NC, QS8, QC8W) GEMM", "int8"),
        ("Convolution (NHWC, F32) IGEMM #1", "Convolution (NHWC, F32) IGEMM", "float"),
        ("Convert (NC) #1", "Convert (NC)", "conversion"),
        ("native_call_max_pool2d_with_indices.out", "max_pool2d_with_indices (portable)", "float"),
    ],
)
def test_names_and_kinds(event: str, name: str, kind: str) -> None:
    assert executorch_profile.shown(event) == name and executorch_profile.kind_of(name) == kind
