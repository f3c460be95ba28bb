"""The settings of a session of torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.artifacts import manifests
from edgebench.core.contracts import Job
from edgebench.core.datasets import RecordSet
from edgebench.isolation.jobs import run_job


@pytest.mark.parametrize(("name", "engine"), [("fbgemm-int8", "fbgemm"), ("qnnpack-int8", "qnnpack")])
def test_the_engine_is_set_and_recorded(
    exported: Path, demo: RecordSet, name: str, engine: str, tmp_path: Path
) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    output = str(tmp_path / "logits.npy")
    job = Job("predict", found.artifact, str(found.path), "cpu", 1, engine, demo.input, output, records=4)
    outcome = run_job(job, 120)
    assert outcome.value.settings["quantized_engine"] == engine
    assert np.isfinite(np.load(output)).all()
