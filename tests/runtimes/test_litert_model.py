"""Files of LiteRT that somebody else made: integers at their borders, and the output that is scored."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from openvino_files import SIGNALS, expected

from edgebench.core.errors import ArtifactError
from edgebench.core.io_adapter import IOAdapter
from edgebench.runtimes.litert_model import Model

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("litert_torch"), reason="edgebench[litert] is not installed"
)


def test_integers_are_made_by_the_files_own_scale_and_the_answer_is_real(integers: Path) -> None:
    model = Model(integers, threads=1)
    answers = np.concatenate([model(SIGNALS[i : i + 1]) for i in range(len(SIGNALS))])
    assert answers.dtype == np.float32 and 0 < np.abs(answers - expected()).max() < 0.05


def test_an_output_that_is_not_there_is_refused(integers: Path) -> None:
    with pytest.raises(ArtifactError, match="has no output 'other'"):
        Model(integers, threads=1, feed=IOAdapter(answer="other"))
