"""Programs that load an artifact: they run, keep to PEP 8, and take names from a manifest as texts."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from programs import ZEROS, checked

from edgebench.artifacts import manifests
from edgebench.choosing import snippets
from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import IOAdapter

PLAIN = IOAdapter(mean=tuple(0.01 * lead for lead in range(12)), std=tuple(1 + lead / 7 for lead in range(12)))
FEEDS = {
    "logits": IOAdapter(), "probabilities": IOAdapter(output="probabilities"), "standardised": PLAIN,
    "one record": replace(PLAIN, single=True),
}  # fmt: skip


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_each_way_of_feeding_a_file_from_elsewhere_runs(exported: Path, tmp_path: Path, feed: IOAdapter) -> None:
    made = manifests.read(exported / "onnx").artifact
    assert made
    signals = np.random.default_rng(0).normal(0, 0.3, (1, 12, 1000)).astype(np.float32)
    np.save(tmp_path / "signals.npy", signals)
    shutil.copy(exported / "onnx" / "model.onnx", tmp_path)
    program = snippets.of(replace(made, feed=feed))
    assert ("one record at a time" in program) == feed.single
    program = program.replace(ZEROS, 'np.load("signals.npy")') + "np.save('said.npy', probabilities)\n"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    if feed.mean:
        signals = (signals - np.asarray(feed.mean, np.float32)[:, None]) / np.asarray(feed.std, np.float32)[:, None]
    session = onnxruntime.InferenceSession(exported / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])
    answer = np.asarray(session.run(None, {session.get_inputs()[0].name: signals})[0])
    expected = answer if feed.output == "probabilities" else 1 / (1 + np.exp(-answer.astype(np.float64)))
    np.testing.assert_allclose(np.load(tmp_path / "said.npy"), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (InputSpec((3, 8, 8), ("channel", "row", "column")), "values (image files: 0 to 1): (batch, channels, rows"),
        (InputSpec((2, 9), ("dimension 1", "dimension 2")), "Raw values: (batch, dimension 1, dimension 2)."),
    ],
)
def test_the_program_says_what_the_records_are(exported: Path, spec: InputSpec, said: str) -> None:
    assert said in snippets.of(replace(manifests.read(exported / "onnx").artifact, input=spec))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("form", ["onnx", "torchscript", "eager"])
def test_programs_keep_to_pep_8(exported: Path, form: str, threads: int, device: str) -> None:
    made = manifests.read(exported / "onnx").artifact
    assert made
    plain = replace(made, format=form, precision="int8")
    program = snippets.of(plain, device, "qnnpack", threads)
    assert not checked("check", "--select", "E,W,F,I", program=program)
    assert not checked("format", "--check", program=program), "as a formatter would leave it: no line too many"
    long = replace(
        plain, file="a-network-of-somebody-with-a-long-name-and-its-variant.file", feed=PLAIN,
        classes=tuple(f"a class of {n}" for n in range(20)), thresholds=tuple(n / 21 for n in range(20)),
    )  # fmt: skip
    assert not checked("check", "--select", "E,W,F,I", program=snippets.of(long, device, "qnnpack", threads))


def test_a_gpus_file_is_loaded_on_the_gpu(exported: Path) -> None:
    onnx, script = (manifests.read(exported / name).artifact for name in ("onnx", "torchscript"))
    assert onnx and script
    assert 'providers=["CUDAExecutionProvider"]' in snippets.of(onnx, "cuda")
    assert 'map_location="cuda"' in snippets.of(script, "cuda")


@pytest.mark.parametrize("name", ['a"]).exe("x', "line\nimport os", "back\\slash\\", "ünïcode"])
@pytest.mark.parametrize("form", ["onnx", "torchscript", "eager"])
def test_names_from_a_manifest_stay_texts(exported: Path, name: str, form: str) -> None:
    made = manifests.read(exported / "onnx").artifact
    assert made is not None
    plain = replace(made, format=form)
    odd = replace(plain, file=name, classes=(name,), input=replace(made.input, unit=name))
    tree, usual = ast.parse(snippets.of(odd)), ast.parse(snippets.of(replace(plain, classes=("one",))))
    assert [type(node) for node in ast.walk(tree)] == [type(node) for node in ast.walk(usual)]
    if form != "eager":
        assert name in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
