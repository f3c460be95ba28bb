"""Programs for TorchScript files that take or answer something else decide as the measured runtime did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_onnx
import torch
from programs import decides_alike
from small_onnx import CARD

SIGNALS = np.random.default_rng(3).normal(0.1, 0.3, (2, 12, 1000)).astype(np.float32)


class Several(torch.nn.Module):
    """Answers (aux, logits) as a tuple, a dict or the logits alone, with `age` added."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.weights = form, torch.nn.Parameter(torch.from_numpy(small_onnx.weights()))

    def forward(self, x: Any, age: Any) -> Any:
        y = (x * x).mean(2) @ self.weights.to(x.dtype) + age
        return {"dict": {"aux": -y, "logits": y}, "tuple": (-y, y)}.get(self.form, y)


@pytest.mark.parametrize(
    ("form", "head", "dtype"), [("tuple", "output = 1\n", "float32"), ("dict", 'output = "logits"\n', "float32"),
                                ("", "", "bfloat16"), ("", 'output = "logits"\n', "float64")],
)  # fmt: skip
def test_torchscript_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, head: str, dtype: str) -> None:
    signals = torch.zeros(1, 12, 1000, dtype=getattr(torch, dtype))
    traced = torch.jit.trace(Several(form), (signals, torch.zeros(1, 1)), strict=False)  # type: ignore[no-untyped-call]
    traced.save(tmp_path / "a.pt")
    card = f'{head}{CARD}[constants]\nage = 0.5\n[input]\ndtype = "{dtype}"\n'
    (tmp_path / "a.toml").write_text(card)
    decides_alike(tmp_path / "a.pt", monkeypatch, SIGNALS)
