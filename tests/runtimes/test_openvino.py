"""OpenVINO's runtime; tests/exporters/test_openvino.py compares its predictions with the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nncf")

from openvino_files import SIGNALS, expected, graph, made

from edgebench.core import formats
from edgebench.core.errors import ArtifactError
from edgebench.core.io_adapter import IOAdapter
from edgebench.runtimes.openvino import RUNTIME


def test_it_is_told_threads_latency_and_precision() -> None:
    found = made("openvino")
    RUNTIME.start(2, "")
    settings = RUNTIME.load(found.path, found.artifact, "cpu").settings
    RUNTIME.start(1, "")
    assert settings["INFERENCE_NUM_THREADS"] == "2" and settings["PERFORMANCE_HINT"] == "LATENCY"
    assert settings["INFERENCE_PRECISION_HINT"] == "f32", "it would take bfloat16 where the processor has it"


def test_where_it_runs() -> None:
    assert not formats.unsupported("openvino", "cpu", "", "x86_64")
    assert "aarch64" in formats.unsupported("openvino", "cpu", "", "aarch64")
    assert formats.unsupported("openvino", "cuda", "", "x86_64") and RUNTIME.unavailable("cuda", "")
    assert not RUNTIME.unavailable("cpu", "")


def test_the_operators_are_timed_by_kind() -> None:
    found = made("openvino-int8")
    operators = RUNTIME.profile(found.path, found.artifact, "cpu", [(SIGNALS[:1],)] * 4)
    assert sum(o.calls for o in operators if o.kind == "int8" and o.name == "Convolution") == 2
    assert all(o.seconds >= 0 and o.calls for o in operators)
    assert {o.layer for o in operators if o.name == "Convolution"} == {"features.0", "features.3"}


def test_a_users_file_by_its_names() -> None:
    found = made("openvino")
    feed = IOAdapter(signal="signals", answer="logits", single=True)
    session = RUNTIME.load(found.path, replace(found.artifact, feed=feed), "cpu")
    np.testing.assert_allclose(session.predict(SIGNALS[:1]), expected()[:1], atol=1e-5)


@pytest.mark.parametrize("content", [b"<?xml version='1.0'?><net name='x' version='11'><layers>", b"no xml"])
def test_what_cannot_be_loaded_is_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.xml").write_bytes(content)
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(ArtifactError) as raised:
        RUNTIME.load(tmp_path / "model.xml", made("openvino").artifact, "cpu")
    assert "\n" not in str(raised.value) and "model.xml" in str(raised.value)


def test_an_onnx_graph_is_compiled_for_the_batch_of_its_manifest() -> None:
    found = made("onnx:openvino")
    session = RUNTIME.load(graph(), found.artifact, "cpu")
    assert session.predict(SIGNALS[:1]).shape == (1, 5)
