"""Networks from elsewhere go the whole way, and what does not fit is told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import own_files
import pytest
import torch
from helpers import QUICK, edgebench, edgebench_here
from small_datasets import write_image

from edgebench import api
from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import ModelError, PlanError, RunError
from edgebench.core.inputs import InputSpec
from edgebench.core.progress import ProgressReporter
from edgebench.data.signals import FOR_ECG
from edgebench.models import store
from edgebench.models.external import own
from edgebench.pipeline import own_models
from edgebench.pipeline.plan import BuildPlan, Plan
from edgebench.pipeline.read_plan import load
from edgebench.tasks.statistics import best_thresholds, probabilities


def plan_of(net: Path, **changes: object) -> Plan:
    fields = {
        "models": (f"{net}:build",), "weights": net.with_suffix(".pth"), "targets": ("host",), "limit": 24,
        "exporters": ("eager", "onnx", "fbgemm-int8"), "calibration_records": 16, "threads": 1,
        "measuring": vars(QUICK) | {"processes": 1}, **changes,
    }  # fmt: skip
    return load(None, fields)


def test_a_manifest_of_a_file_that_the_user_did_not_name_is_refused_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that `edgebench train` wrote: it names the file, and anybody can write a manifest."""
    monkeypatch.setenv(own.TRUSTED, "")
    net, network = tmp_path / "net.py", torch.nn.Linear(1, 1)
    net.write_text("from torch import nn\n\n\ndef build():\n    return nn.Linear(1, 1)\n")
    fields = {
        "name": "net", "architecture": f"{net}:build", "classes": ("y",), "thresholds": (), "task": "regression",
        "input": InputSpec((1,), ("feature",)), "license": "", "training": {}, "scores": {}, "parameters": 2,
    }  # fmt: skip
    build = BuildPlan(models=(str(store.save(network, tmp_path / "models", fields)),))
    with pytest.raises(ModelError) as refused:
        own_models.check(build, "regression", ("y",))
    assert own.TRUSTED in str(refused.value)
    assert f"--model {net}:build --weights {tmp_path}/models/net.safetensors" in str(refused.value)
    own.trust(f"{net}:build")
    own_models.check(build, "regression", ("y",))


def test_a_network_from_a_file_goes_through_exporters_and_resumes(tmp_path: Path) -> None:
    net = own_files.write(tmp_path)
    run = api.run(plan_of(net), tmp_path / "run")
    assert {m.cell.exporter: m.status for m in run.measurements} == dict.fromkeys(
        ("eager", "onnx", "fbgemm-int8"), "ok"
    )
    assert {m.cell.model for m in run.measurements} == {"net"}
    # The card's statistics, layout and thresholds were used: the same logits by hand.
    records = registry.dataset("demo").load(DataRequest("test", limit=24))
    signals = (np.load(records.input.path).astype(np.float32) / 1000 - 0.1) / 0.25
    with torch.inference_mode():
        by_hand = own_files.network(net)(torch.from_numpy(signals).transpose(1, 2)).numpy()
    for way in ("eager", "onnx"):
        np.testing.assert_allclose(np.load(tmp_path / f"run/predictions/net~none~{way}~cpu.npy"), by_hand, atol=1e-4)
    manifest = store.find(str(tmp_path / "run/models/net.json")).manifest
    assert manifest.thresholds == (0.5, 0.4, 0.5, 0.5, 0.6)
    assert manifest.training["thresholds"] == "from its card"
    again = api.run(plan_of(net), tmp_path / "run", resume=True)
    assert again.measurements == run.measurements
    torch.save({k: v + 1 for k, v in own_files.network(net).state_dict().items()}, net.with_suffix(".pth"))
    with pytest.raises(RunError, match=r"\(models\)"):
        api.run(plan_of(net), tmp_path / "run", resume=True)


def test_thresholds_are_chosen_on_the_validation_fold(tmp_path: Path) -> None:
    net = own_files.write(tmp_path, own_files.CARD.replace("thresholds", "# thresholds"))
    outcomes = api.export(
        (f"{net}:build",), ("onnx",), tmp_path / "out", weights=net.with_suffix(".pth"), tune_thresholds=True
    )
    assert {o.status for o in outcomes.values()} == {"ok"}
    manifest = store.find(str(tmp_path / "out/models/net.json")).manifest
    records = registry.dataset("demo").load(DataRequest("validation"))
    signals = torch.from_numpy((np.load(records.input.path).astype(np.float32) / 1000 - 0.1) / 0.25)
    with torch.inference_mode():
        logits = own_files.network(net)(signals.transpose(1, 2)).numpy()
    assert manifest.thresholds == pytest.approx(best_thresholds(records.labels, probabilities(logits)), abs=0.011)
    assert manifest.training["thresholds"] == "chosen on 160 records of the validation fold of demo (synthetic)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "net.py:build"), "--weights FILE"),
        (("--weights", "net.pth"), "--weights net.pth"),
        (("--model", "none.py:build", "--weights", "net.pth"), "none.py: "),
        (("--model", "net.py:build", "--weights", "none.pth"), "none.pth: "),
    ],
)
def test_on_the_command_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    own_files.write(tmp_path)
    done = edgebench_here("run", *arguments, "-o", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_records_that_no_network_takes_are_refused_before_the_run(tmp_path: Path) -> None:
    for name in registry.dataset("demo-images").classes:
        write_image(tmp_path / f"images/test/{name}/1.png", (40, 40))
    plan = load(None, {"models": ("resnet8-demo-images",), "dataset": "image-folder", "data_dir": tmp_path / "images"})
    with pytest.raises(ModelError, match=r"32 rows.*40 rows"):
        api.run(plan, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    other = tmp_path / "others"
    for name in ("cat", "dog"):
        write_image(other / f"test/{name}/1.png", (32, 32))
    plan = load(None, {"models": ("resnet8-demo-images",), "dataset": "image-folder", "data_dir": other})
    with pytest.raises(ModelError, match="cat, dog"):
        api.run(plan, tmp_path / "run")


def test_a_network_from_a_file_can_be_trained(tmp_path: Path) -> None:
    from edgebench.training.loop import train

    net = own_files.write(tmp_path)
    manifest = store.find(str(train(f"{net}:build", "demo", None, tmp_path / "models", {"epochs": 1}))).manifest
    assert manifest.name == "net"
    assert manifest.scores["test"].records == 240


def test_a_card_that_changes_is_noticed(tmp_path: Path) -> None:
    net = own_files.write(tmp_path)
    run = api.run(plan_of(net, exporters=("eager",)), tmp_path / "run")
    manifest = str(run.folder / "models" / "net.json")
    store.network(store.find(manifest))
    (tmp_path / "net.toml").write_text(own_files.CARD.replace("thresholds", 'output = "probabilities"\nthresholds'))
    with pytest.raises(ModelError, match="TOML file"):
        store.network(store.find(manifest))
    with pytest.raises(RunError, match="models"):
        api.run(plan_of(net, exporters=("eager",)), tmp_path / "run", resume=True)


def test_code_that_nobody_named_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = own_files.write(tmp_path)
    api.export((f"{net}:build",), ("eager",), tmp_path / "out", weights=net.with_suffix(".pth"))
    monkeypatch.delenv("EDGEBENCH_TRUSTED_CODE")
    with pytest.raises(ModelError, match="EDGEBENCH_TRUSTED_CODE"):
        store.network(store.find(str(tmp_path / "out/models/net.json")))
    done = edgebench("measure", tmp_path / "out/net/none/eager", "--limit", "4", "-o", tmp_path / "run")
    assert "EDGEBENCH_TRUSTED_CODE" in " ".join(done.stdout.split())


def test_names_that_are_taken(tmp_path: Path) -> None:
    net = own_files.write(tmp_path, own_files.CARD.replace("\nclasses", '\nname = "resnet1d"\nclasses'))
    with pytest.raises(PlanError, match="resnet1d"):
        api.run(plan_of(net, models=("resnet1d", f"{net}:build")), tmp_path / "run")


def test_what_was_done_to_the_weights_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Notes(ProgressReporter):
        said: ClassVar[list[str]] = []

        def note(self, text: str) -> None:
            self.said.append(text)

    monkeypatch.setenv(own.TRUSTED, "")
    net = own_files.write(tmp_path)
    weights = net.with_suffix(".pth")
    torch.save({f"module.{k}": v for k, v in torch.load(weights).items()}, weights)
    plan = plan_of(net)
    own_models.sources(plan.build, FOR_ECG, None, tmp_path / "out", 60, Notes(), 0)
    assert any(str(weights) in note and "'module.'" in note for note in Notes.said)
