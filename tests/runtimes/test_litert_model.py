"""Files of LiteRT that somebody else made: integers at their borders, and what they say of themselves."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from openvino_files import SIGNALS, expected, made
from programs import decides_alike
from small_onnx import CARD

from edgebench.artifacts import import_file
from edgebench.core import formats
from edgebench.core.errors import ArtifactError
from edgebench.core.io_adapter import IOAdapter
from edgebench.runtimes import litert_file
from edgebench.runtimes.litert_model import Model

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("litert_torch"), reason="edgebench[litert] is not installed"
)


@pytest.fixture(scope="module")
def integers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes and answers int8, with its card."""
    from ai_edge_quantizer import quantizer, recipe

    name = "serving_default"
    work = quantizer.Quantizer(str(made("litert").path), recipe.static_wi8_ai8())
    ranges = work.calibrate({name: [{"args_0": SIGNALS[i : i + 1]} for i in range(len(SIGNALS))]})
    path = tmp_path_factory.mktemp("integers") / "net.tflite"
    path.write_bytes(work.quantize(ranges).quantized_model)
    path.with_suffix(".toml").write_text(CARD)
    return path


def test_integers_are_made_by_the_files_own_scale_and_the_answer_is_real(integers: Path) -> None:
    model = Model(integers, threads=1)
    answers = np.concatenate([model(SIGNALS[i : i + 1]) for i in range(len(SIGNALS))])
    assert answers.dtype == np.float32 and 0 < np.abs(answers - expected()).max() < 0.05


@pytest.mark.parametrize(("spec", "precision"), [("litert", "fp32"), ("litert-int8", "int8-dynamic")])
def test_what_a_file_says_of_itself(spec: str, precision: str) -> None:
    found = litert_file.facts(made(spec).path)
    assert found.precision == precision and found.inputs and found.outputs
    assert found.inputs[0].shape == (1, 12, 1000) and found.outputs[0].shape == (1, 5)


def test_a_users_file_is_imported_and_its_program_decides_as_measured(
    integers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = import_file.describe(integers, tuned=False)
    assert (artifact.format, artifact.precision, artifact.batch) == ("litert", "int8", 1)
    assert formats.of_file(integers) == "litert"
    decides_alike(integers, monkeypatch, SIGNALS[:1])


def test_an_output_that_is_not_there_is_refused(integers: Path) -> None:
    with pytest.raises(ArtifactError, match="has no output 'other'"):
        Model(integers, threads=1, feed=IOAdapter(answer="other"))
