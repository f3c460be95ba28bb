"""Programs for files that take or answer something else decide as the measured runtime did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_onnx
import torch
from onnx import TensorProto
from programs import ZEROS, checked
from small_onnx import CARD

from edgebench.artifacts import manifests
from edgebench.choosing import snippets
from edgebench.core import registry
from edgebench.measuring.io_adapter import AdaptedRuntime
from edgebench.tasks.statistics import probabilities

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


def decides_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = manifests.read(path)
    artifact = stored.artifact
    assert artifact.feed
    program = snippets.of(artifact)
    assert not checked("check", "--select", "E,W,F,I", program=program)
    monkeypatch.chdir(path.parent)
    found: dict[str, Any] = {}
    exec(program.replace(ZEROS, "SIGNALS"), {"SIGNALS": SIGNALS, "__name__": "program"} | found, found)
    measured = AdaptedRuntime(registry.runtime(artifact.format), artifact.feed).load(path, artifact, "cpu")
    expected = probabilities(measured.predict(SIGNALS))
    assert 0.01 < expected.mean() < 0.99
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_onnx_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    card, options = CASES[case]
    decides_alike(small_onnx.save(tmp_path / "a.onnx", card, **options), monkeypatch)


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
    decides_alike(tmp_path / "a.pt", monkeypatch)
