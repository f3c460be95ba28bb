"""What the operators of a profile sum up to, by hand and for every exporter."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.artifacts import manifests
from edgebench.core import registry
from edgebench.core.contracts import Job
from edgebench.core.datasets import RecordSet
from edgebench.core.results import Operators, OperatorTime
from edgebench.isolation.jobs import run_job
from edgebench.measuring.operators import summary


@pytest.mark.warm
@pytest.mark.parametrize("name", registry.names("exporters"))
def test_what_an_artifact_computes_on(exported: Path, name: str, demo: RecordSet, tmp_path: Path) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    output = tmp_path / "profile.json"
    engine = found.artifact.engine or ("fbgemm" if name == "torch-int8-dynamic" else "")
    job = Job("profile", found.artifact, str(found.path), "cpu", 1, engine, demo.input, str(output))
    outcome = run_job(job, 120)
    assert outcome.status == "ok", outcome.reason
    values = outcome.value
    assert output.is_file()
    assert values.slowest_operator
    assert 0 < (values.slowest_operator_share or 0) <= 1
    if name.endswith("-int8"):
        assert values.int8_operators >= 19  # every convolution and the linear layer
        assert values.conversions >= 2
        assert values.int8_time_share > 0.5
    elif name.endswith("-dynamic"):
        assert values.int8_operators == 1  # the linear layer alone
        assert values.int8_time_share < 0.3
    else:
        assert values.int8_operators == values.conversions == 0
        assert values.float_operators >= 19


def test_summary_by_hand() -> None:
    found = summary([
        OperatorTime("QLinearConv", "int8", 4, 6e-3), OperatorTime("QuantizeLinear", "conversion", 2, 1e-3),
        OperatorTime("Softmax", "float", 1, 1e-3),
    ])  # fmt: skip
    assert found == Operators(4, 1, 2, 0.75, 0.125, "QLinearConv", 0.75)
    assert summary([]).slowest_operator == ""
