"""Lines that give a file its further inputs; tests/choosing/test_feeding.py runs whole programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgebench.core.io_adapter import Constant, FurtherInput, IOAdapter
from edgebench.data.signals import ECG
from edgebench.runtimes import program_lines


def test_the_inputs_have_their_shapes_and_types() -> None:
    feed = IOAdapter(
        constants=(Constant("age", (3,), (), "int64"), Constant('a "b"', (1, 0), (2,), "bool", batched=False)),
        further=(FurtherInput("second", "float16"),),
    )
    lines = ["inputs = {}", *program_lines.constants(feed, "{}"), *program_lines.named(feed, {"s": ECG}, "{}")]
    found: dict[str, Any] = {"np": np, "records": np.zeros((4, 12, 1000), np.float32)}
    exec("\n".join([*lines, *program_lines.zeros({"s": ECG})]), found)
    inputs = found["inputs"]
    assert inputs["age"].tolist() == [3] * 4 and inputs["age"].dtype == np.int64
    assert inputs['a "b"'].tolist() == [True, False]
    assert inputs["second"].shape == (1, *ECG.shape) and inputs["second"].dtype == np.float16
    assert found["further"]["s"].shape == (1, *ECG.shape)
