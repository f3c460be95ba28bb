"""OpenVINO's counters as times of operators, by hand."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from edgebench.runtimes import openvino_profile


def counted(name: str, operator: str, kernel: str, us: float, status: str = "Status.EXECUTED") -> Any:
    return SimpleNamespace(
        node_name=name, node_type=operator, exec_type=kernel, real_time=timedelta(microseconds=us), status=status
    )


def test_each_node_has_the_median_of_its_predictions() -> None:
    """Two convolutions of 2, 3, 900 and 4, 4, 4 µs make 3 + 4; what was not executed does not count."""
    predictions = [
        [counted("a", "Convolution", "brgconv_avx512_I8", us), counted("b", "Convolution", "brgconv_avx512_I8", 4),
         counted("c", "Reorder", "jit_uni_f32", 1), counted("d", "Add", "jit_f32", 50, "Status.OPTIMIZED_OUT")]
        for us in (2, 3, 900)
    ]  # fmt: skip
    found = openvino_profile.read(predictions, {"a": "conv1"}.get)  # type: ignore[arg-type]
    assert [(one.name, one.kind, one.calls, one.layer) for one in found] == [
        ("Convolution", "int8", 1, None), ("Convolution", "int8", 1, "conv1"), ("Reorder", "conversion", 1, None),
    ]  # fmt: skip
    together = openvino_profile.read(predictions)
    assert [one.seconds for one in together] == pytest.approx([7e-6, 1e-6]) and together[0].calls == 2
