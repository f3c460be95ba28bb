"""Programs for files that take or answer something else decide as the measured runtime did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_onnx
from onnx import TensorProto
from programs import decides_alike
from small_onnx import CARD

SIGNALS = np.random.default_rng(3).normal(0.1, 0.3, (2, 12, 1000)).astype(np.float32)
LEADS = '["aVR", "I", "II", "III", "aVL", "aVF", "V6", "V5", "V4", "V3", "V2", "V1"]'
AGE: Any = {"age": (["batch", 1], TensorProto.INT64), "of the patient": (["batch", 2], TensorProto.FLOAT)}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "leads": (f"leads = {LEADS}\n{CARD}", {}),
    "output": (f'output = "logits"\n{CARD}', {"outputs": ("aux", "logits")}),
    "constants": (f"{CARD}[constants]\nage = 3\n'of the patient' = [0.5, 1]\n", {"further": AGE}),
    "both": (f'output = 1\n{CARD}[constants]\nage = 3\n"of the patient" = [0.5, 1]\n',
             {"further": AGE, "outputs": ("a name of many words that fills most of a line", "logits")}),
    "half": (CARD, {"kind": TensorProto.FLOAT16, "out_kind": TensorProto.FLOAT16}),
}  # fmt: skip
for _how in ("zscore", "zscore-record", "max", "max-channel"):
    CASES[_how] = (f'{CARD}[input]\nper_record = "{_how}"\n', {})


@pytest.mark.parametrize("case", CASES)
def test_onnx_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    card, options = CASES[case]
    decides_alike(small_onnx.save(tmp_path / "a.onnx", card, **options), monkeypatch, SIGNALS)
