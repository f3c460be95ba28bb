"""The contract of every registered exporter; a new one needs no test file."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import EXPORTERS

from edgebench.artifacts import manifests
from edgebench.artifacts.build import CHECK_RECORDS
from edgebench.core import registry
from edgebench.core.datasets import RecordSet
from edgebench.core.errors import Unsupported
from edgebench.core.files import sha256
from edgebench.core.protocols import ExportTask
from edgebench.data.signals import MICROVOLTS, ecg
from edgebench.data.stored import values

EXTRAS = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["optional-dependencies"]
ENGINE = {"fbgemm-int8": "fbgemm", "qnnpack-int8": "qnnpack", "torch-int8-dynamic": "fbgemm"}

IN_ALL = {"torch", "onnx", "onnxruntime"}
"""Modules that the extra `all` installs."""


def beyond_all(name: str) -> set[str]:
    exporter: Any = registry.exporter(name)
    return set(getattr(exporter, "needs", ())) - IN_ALL


@pytest.mark.parametrize("name", EXPORTERS)
def test_manifest_describes_the_file(exported: Path, name: str) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    assert found.path is not None
    exporter, artifact = registry.exporter(name), found.artifact
    assert (artifact.exporter, artifact.format, artifact.engine) == (name, exporter.format, exporter.engine)
    assert artifact.sha256 == sha256(found.path)
    assert artifact.file_size_bytes == found.path.stat().st_size
    assert artifact.parameters == 1_367_781
    assert len(artifact.thresholds) == len(artifact.classes) == 5
    assert artifact.made_with["edgebench"]
    assert {p.name for p in found.path.parent.iterdir()} == {artifact.file, "manifest.json"}


@pytest.mark.parametrize("name", EXPORTERS)
def test_checked_in_a_fresh_process(exported: Path, name: str) -> None:
    artifact = manifests.read(exported / name).artifact
    assert artifact is not None
    assert artifact.check_records == CHECK_RECORDS
    assert artifact.max_abs_error is not None
    # int8 shifts logits; a wrong scale or a lost layer shifts them by whole units
    assert artifact.max_abs_error < (1e-4 if artifact.precision == "fp32" else 1.0)


@pytest.mark.parametrize("name", [n for n in registry.names("exporters") if beyond_all(n)])
def test_without_its_extra_an_exporter_says_how_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """For each module that it needs; the extra that is named installs it."""
    exporter: Any = registry.exporter(name)
    find = importlib.util.find_spec
    for missing in beyond_all(name):
        monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a, gone=missing: None if n == gone else find(n, *a))
        with pytest.raises(Unsupported) as caught:
            exporter.export(ExportTask(None, tmp_path, tmp_path, ecg(), lambda: np.zeros(0, np.float32)))  # type: ignore[arg-type]
        (extra,) = re.findall(r"pip install 'edgebench\[(\w+)\]'", str(caught.value))
        assert any(re.match(rf"{missing.replace('_', '[-_]')}\b", line) for line in EXTRAS[extra]), (
            "the extra installs what is missing"
        )


@pytest.fixture
def _engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """torch's quantized engine and threads after the test are those before it."""
    import torch

    engine, threads = torch.backends.quantized.engine, torch.get_num_threads()
    monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)  # a process may call it once
    yield
    torch.backends.quantized.engine = engine
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("name", EXPORTERS)
def test_batch_size_does_not_change_the_answer(exported: Path, name: str, demo: RecordSet) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    assert found.path is not None
    runtime = registry.runtime(found.artifact.format)
    runtime.start(1, ENGINE.get(name, found.artifact.engine))
    session = runtime.load(found.path, found.artifact, "cpu")
    signals = values(np.load(demo.input.path)[:10], MICROVOLTS)
    one, five = (
        np.concatenate([session.predict(signals[i : i + batch]) for i in range(0, 10, batch)]) for batch in (1, 5)
    )
    assert one.shape == (10, 5)
    # Dynamic quantization chooses its scale from the whole batch, so a batch may differ by a step of it.
    tolerance = 0.1 if found.artifact.precision == "int8-dynamic" else 1e-4
    np.testing.assert_allclose(one, five, atol=tolerance)


@pytest.mark.parametrize("name", [n for n in EXPORTERS if n.endswith("-int8")])
def test_static_int8_is_small_and_calibrated(exported: Path, name: str) -> None:
    artifact = manifests.read(exported / name).artifact
    plain = manifests.read(exported / "torchscript").artifact
    assert artifact is not None
    assert plain is not None
    assert plain.file_size_bytes / artifact.file_size_bytes >= 3.5
    assert artifact.calibration is not None
    assert artifact.calibration.dataset == "demo (synthetic)"
    assert artifact.calibration.records == 64
    assert artifact.float_parts == ()


def test_fp32_was_not_calibrated(exported: Path) -> None:
    artifact = manifests.read(exported / "onnx").artifact
    assert artifact is not None
    assert artifact.calibration is None


def test_dynamic_int8_reports_its_float_parts(exported: Path) -> None:
    for name in ("onnx-int8-dynamic", "torch-int8-dynamic"):
        artifact = manifests.read(exported / name).artifact
        assert artifact is not None
        assert len(artifact.float_parts) == 18, name  # every convolution
        assert {"stem.0", "blocks.0.conv1"} <= {re.split(r"[ :]", part)[0] for part in artifact.float_parts}
        assert artifact.int8_weights and artifact.int8_macs, name  # those of the linear layer at the end
        assert 0 < artifact.int8_macs < artifact.int8_weights < 0.01


def test_static_int8_says_that_all_of_it_is(exported: Path) -> None:
    shares = {n: manifests.read(exported / n).artifact for n in EXPORTERS if n.endswith("-int8")}
    assert {(a.int8_weights, a.int8_macs) for a in shares.values() if a} == {(1.0, 1.0)}


@pytest.mark.parametrize("name", [name for name in EXPORTERS if registry.exporter(name).format == "onnx"])
def test_an_onnx_file_says_nothing_of_the_machine_that_exported_it(exported: Path, name: str) -> None:
    """torch.onnx notes the source lines of each node, with their absolute paths."""
    import onnx
    import torch

    from edgebench.runtimes import onnx_names

    path = manifests.read(exported / name).path
    assert path is not None
    noted = {entry.key for node in onnx.load(path).graph.node for entry in node.metadata_props}
    assert noted <= {onnx_names.SCOPES}
    assert str(Path(torch.__file__).parent).encode() not in path.read_bytes()
