"""Architectures with random weights go the whole way, without a score."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import own_files
import pytest
from helpers import QUICK, edgebench_here
from rich.console import Console

from edgebench import api, reading
from edgebench.core import registry
from edgebench.core.contracts import Outcome
from edgebench.core.errors import ModelError, PlanError, UnknownPlugin
from edgebench.core.measurements import Measurement, Run
from edgebench.core.progress import ProgressReporter
from edgebench.isolation.process import ChildError
from edgebench.pipeline import untrained_models
from edgebench.pipeline.plan import BuildPlan, Plan
from edgebench.pipeline.read_plan import load
from edgebench.pipeline.scorer import UNTRAINED
from edgebench.reports import terminal, untrained

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
    """Two networks of one file, which has no card, one of timm, and one that cannot be built."""
    folder = tmp_path_factory.mktemp("sweep")
    file = nets(folder)
    models = (f"{file}:fixed", f"{file}:small", f"{file}:large", "timm:test_vit")
    return api.run(plan_of(*models, policy={"max_latency_s": 1e3}), folder / "run")


def measured(run: Run) -> list[Measurement]:
    return [m for m in run.measurements if m.status == "ok"]


def test_all_but_the_score_is_measured(sweep: Run) -> None:
    assert {m.cell.model for m in measured(sweep)} == {"nets-small", "nets-large", "timm_test_vit"}
    for m in measured(sweep):
        assert (m.status, m.scores, m.reason) == ("ok", None, UNTRAINED)
        assert m.latency and m.memory and m.artifact and m.artifact.untrained
        assert m.artifact.network.parameters
    assert not list((sweep.folder / "predictions").glob("*")), "no record is predicted for a score"


def test_the_weights_follow_from_the_seed_so_that_a_run_resumes(sweep: Run) -> None:
    plan = plan_of(*sweep.plan["models"], policy=sweep.plan["policy"])
    assert api.run(plan, sweep.folder, resume=True).measurements == sweep.measurements


def test_recommend_says_which_fit_and_takes_none(sweep: Run) -> None:
    by_bound = {}
    for bound in (1e-9, 1e3):
        (answer,) = reading.recommend(sweep.folder, max_latency_s=bound)
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


def test_one_that_cannot_be_built_is_a_row_with_the_reason(sweep: Run) -> None:
    (row,) = [m for m in sweep.measurements if m.status != "ok"]
    assert (row.cell.model, row.status) == ("nets-fixed", "failed") and "fixed" in row.reason
    assert sweep.unmeasured == 0
    assert row.reason in (sweep.folder / "report.md").read_text()


def test_the_page_has_the_picture(sweep: Run) -> None:
    page = (sweep.folder / "report.html").read_text()
    found = re.findall(r'<img class="picture" src="data:image/svg[+]xml;base64,([^"]+)" alt="([^"]+)">', page)
    assert len(found) == 1 and "3 cells" in found[0][1]
    assert "at most" in base64.b64decode(found[0][0]).decode(), "the bound is drawn"


def test_the_table_says_which_are_under_the_bound(sweep: Run) -> None:
    shown = io.StringIO()
    for bound, answers in ((1e3, ["yes"] * 3), (1e-9, ["no"] * 3), (None, [])):
        judged = replace(sweep, plan={**sweep.plan, "policy": {"max_latency_s": bound}})
        rows = untrained.table(measured(judged), judged.plan)
        assert [cell for row in rows for cell in row if cell in ("yes", "no")] == answers
        assert len(untrained.headings(measured(judged), judged.plan)) == len(rows[0])
        terminal.show(judged, Console(file=shown, width=80))
    times = [m.latency.p50_s for m in measured(sweep) if m.latency]
    by_time = sorted(zip(times, [m.cell.model for m in measured(sweep)], strict=True))
    assert [row[1] for row in rows] == [name for _, name in by_time]
    table = [line for line in shown.getvalue().splitlines() if "nets-" in line and re.search(r" [kM]?B ", line)]
    assert table and all(len(line) <= 80 for line in table)


def test_after_a_crash_the_others_are_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def ask(module: str, request: dict[str, Any], timeout_s: float) -> Iterator[dict[str, Any]]:
        asked.append(list(request["specs"]))
        for spec in request["specs"]:
            if spec == "resnet8":
                raise ChildError("killed by SIGSEGV")
            if spec == "resnet20":
                yield {"spec": spec, "error": "resnet20: takes other records", "fits": False}
            else:
                yield {"spec": spec, "manifest": f"{tmp_path}/{spec}.json"}

    monkeypatch.setattr(untrained_models, "ask", ask)
    build = BuildPlan(models=("vit", "resnet8", "resnet20", "resnet1d"), untrained=True)
    wanted, unmade = cast(Any, None), dict[str, Outcome[Any]]()
    found = untrained_models.sources(build, wanted, tmp_path, 0, 9.0, ProgressReporter(), unmade)
    assert list(found) == ["vit", "resnet1d"]
    assert {name: one.status for name, one in unmade.items()} == {"resnet8": "failed", "resnet20": "unsupported"}
    assert "SIGSEGV" in unmade["resnet8"].reason
    assert asked == [["vit", "resnet8", "resnet20", "resnet1d"], ["resnet20", "resnet1d"]]
    with pytest.raises(ModelError, match="SIGSEGV"):
        untrained_models.sources(build, wanted, tmp_path, 0, 9.0, ProgressReporter())


def test_all_architectures() -> None:
    plan = load(None, {"models": ("all",), "untrained": True})
    assert list(plan.build.models) == registry.names("models")


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
