"""Architectures with random weights go the whole way, without a score."""

from __future__ import annotations

from pathlib import Path

import own_files
import pytest
from helpers import QUICK, edgebench_here

from edgebench import api
from edgebench.core.errors import ModelError, PlanError, UnknownPlugin
from edgebench.core.measurements import Run
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.read_plan import load
from edgebench.pipeline.scorer import UNTRAINED

pytestmark = pytest.mark.warm
NETS = """
from torch import nn

class Net(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.conv, self.relu, self.head = nn.Conv1d(12, width, 7, stride=8), nn.ReLU(), nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.relu(self.conv(x)).mean(2))

def small(classes):
    return Net(classes, 4)

def large(classes):
    return Net(classes, 64)

def fixed():
    return Net(3, 4)
"""


def nets(folder: Path) -> Path:
    path = folder / "nets.py"
    path.write_text(NETS)
    return path


def plan_of(*models: str, **changes: object) -> Plan:
    fields = {
        "models": models, "untrained": True, "targets": ("host",), "limit": 24, "exporters": ("onnx",), "threads": 1,
        "calibration_records": 16, "measuring": vars(QUICK) | {"processes": 1}, **changes,
    }  # fmt: skip
    return load(None, fields)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two networks of one file, which has no card, and one of timm."""
    folder = tmp_path_factory.mktemp("sweep")
    file = nets(folder)
    return api.run(plan_of(f"{file}:small", f"{file}:large", "timm:test_vit"), folder / "run")


def test_all_but_the_score_is_measured(sweep: Run) -> None:
    assert {m.cell.model for m in sweep.measurements} == {"nets-small", "nets-large", "timm_test_vit"}
    for m in sweep.measurements:
        assert (m.status, m.scores, m.reason) == ("ok", None, UNTRAINED)
        assert m.latency and m.memory and m.artifact and m.artifact.untrained
        assert m.artifact.network.parameters
    assert not list((sweep.folder / "predictions").glob("*")), "no record is predicted for a score"


def test_the_weights_follow_from_the_seed_so_that_a_run_resumes(sweep: Run) -> None:
    plan = plan_of(*sweep.plan["models"])
    assert api.run(plan, sweep.folder, resume=True).measurements == sweep.measurements


def test_recommend_says_which_fit_and_takes_none(sweep: Run) -> None:
    by_bound = {}
    for bound in (1e-9, 1e3):
        (answer,) = api.recommend(sweep.folder, max_latency_s=bound)
        assert answer.chosen is None and answer.untrained
        by_bound[bound] = [m for m, _ in answer.nearest]
    assert by_bound[1e-9] == []
    medians = [m.latency.p50_s for m in by_bound[1e3] if m.latency]
    assert len(medians) == 3 and medians == sorted(medians)
    done = edgebench_here("recommend", str(sweep.folder), "--max-latency", "1000s")
    assert done.returncode == 1 and "nets-small onnx" in done.stdout


def test_the_report_shows_latency_against_parameters(sweep: Run) -> None:
    page = (sweep.folder / "report.md").read_text()
    picture = sweep.folder / "report-parameters-host.svg"
    assert picture.name in page and "timm_test_vit" in picture.read_text()
    assert "★" not in page.partition("| model")[2]


def test_what_cannot_be_untrained_is_refused(tmp_path: Path) -> None:
    file, own = nets(tmp_path), own_files.write(tmp_path)
    for changes in (
        {"weights": own.with_suffix(".pth")}, {"tune_thresholds": True}, {"finetuning": {"epochs": 1}},
        {"finetuning": {"qat_epochs": 1}},
    ):  # fmt: skip
        with pytest.raises(PlanError, match=next(iter(changes))):
            plan_of(f"{own}:build", **changes)
    for name, error in {
        f"{tmp_path}/net.json": ModelError, "resnet9": UnknownPlugin, f"{file}:fixed": ModelError,
    }.items():  # fmt: skip
        with pytest.raises(error):
            api.run(plan_of(name), tmp_path / "run")
        assert not (tmp_path / "run").exists(), "nothing is half-written"
