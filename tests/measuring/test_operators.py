"""What the operators of a profile sum up to, by hand and for every exporter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import EXPORTERS, PluginMaker

from edgebench.artifacts import manifests
from edgebench.core.contracts import Artifact, Job, Outcome
from edgebench.core.datasets import RecordSet
from edgebench.core.files import sha256
from edgebench.core.operators import Operators, OperatorTime
from edgebench.data.signals import ECG
from edgebench.isolation.jobs import run_job
from edgebench.measuring.operators import FEWEST, RUNS, job_after, summary


@pytest.mark.parametrize("name", EXPORTERS)
def test_what_an_artifact_computes_on(exported: Path, name: str, demo: RecordSet, tmp_path: Path) -> None:
    found = manifests.read(exported / name)
    assert found.artifact is not None
    output = tmp_path / "profile.json"
    engine = found.artifact.engine or ("fbgemm" if name == "torch-int8-dynamic" else "")
    job = Job("profile", found.artifact, str(found.path), "cpu", 1, engine, demo.input, str(output))
    outcome = run_job(job, 120)
    assert outcome.status == "ok", outcome.reason
    values = outcome.value
    by_layer = {one["layer"] for one in json.loads(output.read_text())}
    assert {"stem.0", "blocks.0.conv1", "blocks.2.shortcut.1", "classifier"} <= by_layer
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
    twice = [OperatorTime("Conv", "float", 1, 3e-3, "a"), OperatorTime("Conv", "float", 1, 2e-3, "b")]
    assert summary([OperatorTime("Gemm", "float", 1, 4e-3, "c"), *twice]).slowest_operator == "Conv"


@pytest.mark.parametrize(
    ("precision", "median", "batch", "runs"),
    [("int8", 1e-3, 1, RUNS), ("int8", 0.1, 1, 10), ("int8", 9.0, 1, FEWEST), ("int8", 0.2, 8, RUNS),
     ("fp32", 1e-3, 1, FEWEST)],
)  # fmt: skip
def test_a_slow_or_fp32_network_is_profiled_fewer_times(
    precision: str, median: float, batch: int, runs: int, demo: RecordSet, tmp_path: Path
) -> None:
    np.save(tmp_path / "o.npy", np.array([median, median]))
    artifact = Artifact("m", "none", "x", "x", precision, "f", "", 1, ("a",), (0.5,), ECG, None, None, "", task="")
    job = Job("latency", artifact, "f", "cpu", 1, "", demo.input, str(tmp_path / "o.npy"), batch=batch, profile="p")
    after = job_after(job)
    assert (after.kind, after.output, after.records, after.profile) == ("profile", "p", runs, "")


@pytest.mark.parametrize(
    ("method", "ending", "status"),
    [
        ("profile", "os._exit(3)", "failed"),
        ("profile", "raise RuntimeError('odd')", "failed"),
        ("other", "pass", "unsupported"),
    ],
)
def test_a_profiler_that_fails_or_is_not_there_costs_no_timing(
    method: str, ending: str, status: str, plugin: PluginMaker, demo: RecordSet, tmp_path: Path
) -> None:
    code = (
        "import os\nimport numpy as np\nfrom edgebench.runtimes.clocks import HostClock\n"
        "class Runtime:\n    format = 'fragile'\n    settings = {}\n    clock = HostClock()\n"
        "    def unavailable(self, device, engine): return ''\n"
        "    def start(self, threads, engine): pass\n"
        "    def load(self, path, artifact, device): return self\n"
        "    def predict(self, signals): return np.zeros((len(signals), 5), np.float32)\n"
        f"    def {method}(self, path, artifact, device, records): {ending}\n"
        "RUNTIME = Runtime()\n"
    )
    plugin("fragile_runtime", code, "[edgebench.runtimes]\nfragile = fragile_runtime:RUNTIME\n")
    file = tmp_path / "file"
    file.write_text("x")
    artifact = Artifact(
        "m", "none", "fragile", "fragile", "fp32", "file", sha256(file), 1, tuple("abcde"), (0.5,) * 5, ECG, None,
        None, "", task="",
    )  # fmt: skip
    job = Job("latency", artifact, str(file), "cpu", 1, "", demo.input, str(tmp_path / "o.npy"), min_seconds=0.0,
              profile=str(tmp_path / "p.json"))  # fmt: skip
    seen: list[Outcome[Operators]] = []
    assert run_job(job, 60, seen.append).status == "ok"
    assert [one.status for one in seen] == [status]
    assert not (tmp_path / "p.json").exists()
