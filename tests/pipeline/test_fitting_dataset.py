"""The demo of a model that names no records, and the shipped models of a dataset."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebench import searching
from edgebench.cli.app import app
from edgebench.core import registry
from edgebench.core.errors import ModelError
from edgebench.core.inputs import InputSpec
from edgebench.data.cifar10.dataset import DATASET as CIFAR10
from edgebench.models import building, store
from edgebench.pipeline import fitting_dataset, own_models, read_plan
from edgebench.search import mixed_precision

DIGITS = tuple("0123456789")
AXES = ("channel", "row", "column")


@pytest.fixture
def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, tuple[str, ...], InputSpec, str], Path]:
    """Ships resnet1d and what it is called for: an untrained network with its weights and its manifest."""
    shutil.copy(store.SHIPPED / "resnet1d.json", tmp_path)
    monkeypatch.setattr(store, "SHIPPED", tmp_path)

    def shipped(
        name: str, classes: tuple[str, ...], spec: InputSpec, task: str = "classification", trained_on: str = ""
    ) -> Path:
        network = building.build(registry.architecture(name), len(classes), spec)
        fields = {
            "name": name, "architecture": name, "classes": classes, "thresholds": (), "input": spec, "task": task,
            "parameters": sum(p.numel() for p in network.parameters()), "license": "none",
            "training": {"dataset": trained_on}, "scores": {},
        }  # fmt: skip
        return store.save(store.halved(network), tmp_path, fields, half=True)

    return shipped


def test_a_model_runs_on_the_demo_with_its_classes(ship: Callable[..., Path], tmp_path: Path) -> None:
    ship("resnet8", DIGITS, InputSpec((1, 28, 28), AXES))
    clips = ship("resnet8-frames", ("EF",), InputSpec((2, 3, 16, 16), ("frame", *AXES)), "regression")

    def dataset(**values: object) -> str:
        return read_plan.load(None, values).measure.dataset

    assert dataset(models=("resnet8",)) == dataset(models=(str(tmp_path / "resnet8.json"),)) == "demo-digits"
    assert dataset(models=(str(clips),)) == "demo-echo"
    assert dataset() == dataset(models=("resnet1d",)) == dataset(models=("no-such-model",)) == "demo"
    assert dataset(models=("resnet8",), dataset="mnist") == "mnist"
    (tmp_path / "plan.toml").write_text('models = ["resnet8"]')
    assert read_plan.load(tmp_path / "plan.toml", {}).measure.dataset == "demo-digits"


def test_a_model_of_other_classes_than_every_demo_is_told_its_dataset(ship: Callable[..., Path]) -> None:
    ship("resnet8", CIFAR10.classes, InputSpec((3, 32, 32), AXES))
    plan = read_plan.load(None, {"models": ("resnet8",)})
    with pytest.raises(ModelError, match="--dataset cifar10 ") as refused:
        own_models.check_classes(plan.build, registry.dataset(plan.measure.dataset).classes, plan.measure.dataset)
    assert "without data" not in str(refused.value), "no network of a demo is there"
    small = ship("resnet20", ("ring", "disc"), InputSpec((3, 8, 8), AXES), trained_on="synthetic shapes").stem
    with pytest.raises(ModelError, match=f"--dataset cifar10 .* --model {small} "):
        own_models.check_classes(plan.build, registry.dataset(plan.measure.dataset).classes, plan.measure.dataset)
    assert fitting_dataset.with_classes("classification", CIFAR10.classes[::-1]) == ["cifar10"]


def test_all_models_are_those_of_the_dataset(ship: Callable[..., Path]) -> None:
    ship("resnet8", CIFAR10.classes, InputSpec((3, 32, 32), AXES))
    ship("resnet20", DIGITS, InputSpec((1, 28, 28), AXES))
    assert fitting_dataset.shipped_for("demo") == fitting_dataset.shipped_for("ptbxl") == ["resnet1d"]
    assert fitting_dataset.shipped_for("cifar10") == ["resnet8"]
    assert fitting_dataset.shipped_for("mnist") == fitting_dataset.shipped_for("demo-digits") == ["resnet20"]
    assert fitting_dataset.shipped_for("image-folder") == ["resnet20", "resnet8"]
    assert read_plan.load(None, {"models": ("all",), "dataset": "mnist"}).build.models == ("resnet20",)


def test_a_dataset_without_a_model_runs_the_smallest_that_fits(ship: Callable[..., Path], tmp_path: Path) -> None:
    ship("resnet8", CIFAR10.classes, InputSpec((3, 32, 32), AXES))
    ship("resnet20", CIFAR10.classes, InputSpec((3, 32, 32), AXES))

    def models(**values: object) -> tuple[str, ...]:
        return read_plan.load(None, values).build.models

    assert models(dataset="cifar10") == ("resnet8",) == fitting_dataset.model_for("cifar10")
    assert models(dataset="cifar10", models=("resnet20",)) == ("resnet20",)
    assert models() == models(dataset="ptbxl") == models(dataset="mnist") == models(dataset="arrays") == ("resnet1d",)
    assert models(dataset="cifar10", artifacts=(tmp_path / "net.onnx",)) == ("resnet1d",), "nothing is built"
    (tmp_path / "plan.toml").write_text('dataset = "cifar10"')
    assert read_plan.load(tmp_path / "plan.toml", {}).build.models == ("resnet8",)


def test_a_model_of_synthetic_records_is_for_no_others(ship: Callable[..., Path]) -> None:
    clips = InputSpec((2, 3, 16, 16), ("frame", *AXES))
    ship("resnet8-frames", ("EF",), clips, "regression", registry.dataset("demo-echo").label)
    assert fitting_dataset.shipped_for("demo-echo") == ["resnet8-frames"]
    assert fitting_dataset.shipped_for("echonet") == []
    assert read_plan.load(None, {"dataset": "demo-echo"}).build.models == ("resnet8-frames",)
    assert read_plan.load(None, {"dataset": "echonet"}).build.models == ("resnet1d",)


def test_quantize_takes_the_model_of_the_dataset(ship: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    ship("resnet8", CIFAR10.classes, InputSpec((3, 32, 32), AXES))
    asked: list[mixed_precision.Request] = []

    def stop(request: mixed_precision.Request, *_: object) -> None:
        asked.append(request)
        raise ModelError("enough")

    monkeypatch.setattr(mixed_precision, "search", stop)
    for dataset in ("cifar10", "ptbxl"):
        with pytest.raises(ModelError, match="enough"):
            searching.quantize(dataset=dataset)
        assert CliRunner().invoke(app, ["quantize", "--dataset", dataset]).exit_code
    assert [one.model for one in asked] == ["resnet8", "resnet8", "resnet1d", "resnet1d"]
