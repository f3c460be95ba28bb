"""AOTInductor's runtime; tests/exporters/test_aotinductor.py compares its predictions with the network."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import aotinductor_files
import numpy as np
import pytest
from openvino_files import SIGNALS, Made, expected
from programs import answer_of

from edgebench.core import formats
from edgebench.core.errors import ArtifactError, Unsupported
from edgebench.runtimes import aotinductor
from edgebench.runtimes.aotinductor import RUNTIME


def package(path: Path, sets: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data/aotinductor/model/a_metadata.json", json.dumps({"AOTI_CPU_ISA": sets}))
    return path


def test_where_it_runs() -> None:
    assert formats.unsupported("aotinductor", "cpu", "", "aarch64") and formats.unsupported(
        "aotinductor", "cuda", "", "x86_64"
    )
    assert not formats.unsupported("aotinductor", "cpu", "", "x86_64")


def test_another_processor_refuses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags\t: fpu avx2 bmi1 bmi2 f16c fma movbe avx512f avx512bw avx512cd avx512dq avx512vl\n")
    monkeypatch.setattr(aotinductor, "CPUINFO", cpuinfo)
    path = package(tmp_path / "model.pt2", "AVX512 AVX512_VNNI AMX_TILE")
    with pytest.raises(Unsupported, match="amx_tile, avx512_vnni"):
        RUNTIME.load(path, None, "cpu")  # type: ignore[arg-type]
    assert aotinductor.instruction_sets(package(tmp_path / "old.pt2", "AVX2")) == ["AVX2"]


@pytest.mark.parametrize("content", [b"no package", b""])
def test_what_cannot_be_loaded_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pt2").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"model\.pt2") as raised:
        RUNTIME.load(tmp_path / "model.pt2", None, "cpu")  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


@pytest.mark.slow
@aotinductor_files.compiler
def test_it_refuses_another_batch_and_a_damaged_file(compiled: Made, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="batches of 1"):
        RUNTIME.load(compiled.path, compiled.artifact, "cpu").predict(SIGNALS[:2])
    whole = compiled.path.read_bytes()
    (tmp_path / "model.pt2").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match=r"model\.pt2"):
        RUNTIME.load(tmp_path / "model.pt2", compiled.artifact, "cpu")


@pytest.mark.slow
@aotinductor_files.compiler
def test_the_program_predicts_alike(compiled: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = answer_of(compiled.artifact, compiled.path.parent, monkeypatch, SIGNALS[:1])
    np.testing.assert_allclose(answer, expected()[:1], atol=1e-5)
