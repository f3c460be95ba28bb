"""LiteRT's runtime; tests/exporters/test_litert.py compares its predictions with the network."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from openvino_files import SIGNALS, expected, made
from programs import answer_of

from edgebench.core import formats
from edgebench.core.errors import ArtifactError
from edgebench.runtimes.litert import RUNTIME

litert = pytest.mark.skipif(not importlib.util.find_spec("litert_torch"), reason="edgebench[litert] is not installed")


def test_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not formats.unsupported("litert", "cpu", "", "aarch64")
    assert formats.unsupported("litert", "cpu", "", "riscv64") and formats.unsupported("litert", "cuda", "", "x86_64")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "ai-edge-litert" in RUNTIME.unavailable("cpu", "") and "ai-edge-litert" in formats.missing("litert")


@pytest.mark.parametrize("content", [b"no file of it", b""])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"model\.tflite"):
        RUNTIME.check(tmp_path / "model.tflite")


@litert
def test_a_file_that_is_cut_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(made("litert").path.read_bytes()[:4000])
    with pytest.raises(ArtifactError, match=r"model\.tflite") as raised:
        RUNTIME.load(tmp_path / "model.tflite", made("litert").artifact, "cpu")
    assert "\n" not in str(raised.value)


@litert
def test_other_batches_are_refused() -> None:
    found = made("litert")
    with pytest.raises(ValueError, match=r"(?i)dimension"):
        RUNTIME.load(found.path, found.artifact, "cpu").predict(SIGNALS[:2])


@litert
def test_the_program_predicts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made("litert")
    answer = answer_of(found.artifact, found.path.parent, monkeypatch, SIGNALS[:1])
    np.testing.assert_allclose(answer, expected()[:1], atol=1e-5)
