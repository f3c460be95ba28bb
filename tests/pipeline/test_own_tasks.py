"""From a user's own network and records to a recommendation, with two files of theirs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import small_datasets
import strangers
import torch
from helpers import QUICK, refused

from edgebench import api, reading
from edgebench.artifacts.build import Build, _request
from edgebench.artifacts.builder import build
from edgebench.artifacts.import_model import ImportRequest, import_model
from edgebench.core import registry
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.expected import Expected
from edgebench.data.stored import Values
from edgebench.models import store
from edgebench.models.external import own

MLP = """\
from torch import nn


def mlp(outputs):
    layers = [nn.BatchNorm1d(10), nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, outputs)]
    return nn.Sequential(*layers)
"""
DATA = """\
import numpy as np
from sklearn.datasets import load_diabetes

x, y = load_diabetes(return_X_y=True)
np.savez("diabetes.npz", x=x, y=y)
"""
WAYS = ("eager", "onnx", "onnx-int8")


def of_diabetes(split: str, file: Path) -> RecordSet:
    return registry.dataset("arrays").load(DataRequest(split, file))  # type: ignore[arg-type]


@pytest.fixture
def diabetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's two files, of at most 30 lines together; returns the records."""
    assert len((MLP + DATA).splitlines()) <= 30
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MLP)
    exec(DATA, {})
    return tmp_path / "diabetes.npz"


@pytest.mark.slow
def test_a_regression_on_a_table_is_trained_measured_and_recommended(diabetes: Path, tmp_path: Path) -> None:
    from sklearn.metrics import mean_absolute_error

    recipe = {"epochs": 15, "learning_rate": 0.01}
    made = api.train("mine.py:mlp", "arrays", diabetes, recipe=recipe, output=tmp_path / "models")
    assert store.find(str(made)).manifest.task == "regression"
    run = api.run(
        None, tmp_path / "run", models=(str(made),), exporters=WAYS, dataset="arrays", data_dir=diabetes,
        targets=("host",), measuring=vars(QUICK) | {"processes": 1},
    )  # fmt: skip
    assert {m.cell.exporter: (m.status, m.reason) for m in run.measurements} == dict.fromkeys(WAYS, ("ok", ""))
    truth = of_diabetes("test", diabetes).labels
    for m in run.measurements:
        answers = np.load(tmp_path / f"run/predictions/mine~none~{m.cell.exporter}~cpu.npy")
        assert m.scores and m.scores.primary.metric.name == "mae"
        assert m.scores.primary.value == pytest.approx(mean_absolute_error(truth, answers), rel=1e-12)
        assert m.scores.primary.value < np.abs(truth - truth.mean()).mean(), "it learned something"
    (advice,) = reading.recommend(tmp_path / "run")
    assert advice.chosen


def test_a_network_of_another_number_of_outputs_is_not_trained(
    diabetes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.py").write_text(MLP.replace("(32, outputs)", "(32, 4)"))
    said = refused("train mine.py:mlp --dataset arrays --data-dir diabetes.npz -o models", monkeypatch, capsys)
    assert "(2, 4)" in said and "(2, 1)" in said and "1 output: y" in said
    (tmp_path / "mine.py").write_text(MLP.replace("d(10)", "d(7)"))
    said = refused("train mine.py:mlp --dataset arrays --data-dir diabetes.npz -o models", monkeypatch, capsys)
    assert "(batch, 10)" in said
    assert not (tmp_path / "models").exists()


TIMM = """\
import timm


def net(classes):
    return timm.create_model("test_resnet", num_classes=classes)
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 images of three classes."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(24):
        kind = ("cat", "dog", "owl")[number % 3]
        small_datasets.write_image(folder / kind / f"{number}.png", (32, 32), 10 * number)
    return folder


def of_photos(split: str, photos: Path) -> RecordSet:
    return registry.dataset("image-folder").load(DataRequest(split, photos))  # type: ignore[arg-type]


def test_a_classifier_of_timm_with_weights_of_its_own(photos: Path, tmp_path: Path) -> None:
    """Imported, exported and predicted in this process."""
    import timm

    test, training = of_photos("test", photos), of_photos("calibration", photos)
    torch.manual_seed(3)
    network = timm.create_model("test_resnet", num_classes=3).eval()
    torch.save(network.state_dict(), tmp_path / "net.pth")
    (tmp_path / "mine.py").write_text(TIMM)
    means, stds = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    (tmp_path / "mine.toml").write_text(f"[input]\nmean = {means}\nstd = {stds}\n")
    spec = f"{tmp_path / 'mine.py'}:net"
    own.trust(spec)
    model = import_model(ImportRequest(spec, str(tmp_path / "net.pth"), str(tmp_path / "models"), Expected.of(test)))
    assert store.find(str(model)).manifest.classes == ("cat", "dog", "owl")
    shift, size = (np.array(values, np.float32)[:, None, None] for values in (means, stds))
    images = (Values(test.input)[:] - shift) / size
    with torch.inference_mode():
        expected = network(torch.from_numpy(images)).numpy()
    folder = tmp_path / "made"
    folder.mkdir()
    asked = Build(str(model), "none", WAYS, folder, training, test, 60)
    for name, outcome in build(_request(asked, list(WAYS), folder / "check.npy")):
        assert outcome.status == "ok", (name, outcome.reason)
        found = strangers.answered(outcome.value, folder / name / outcome.value.file, test, tmp_path)
        within = 1e-4 if name != "onnx-int8" else 0.2 * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, atol=within)


def test_a_classifier_of_timm_is_trained_by_its_name(photos: Path, tmp_path: Path) -> None:
    recipe = {"epochs": 1, "batch_size": 8, "pretrained": False}
    made = api.train("timm:test_resnet", "image-folder", photos, recipe=recipe, output=tmp_path)
    manifest = store.find(str(made)).manifest
    assert (manifest.task, manifest.classes, manifest.input.shape) == (
        "classification", ("cat", "dog", "owl"), (3, 32, 32),
    )  # fmt: skip
    assert set(manifest.scores) == {"validation", "test"}


def test_a_card_of_another_dataset_is_refused(photos: Path, tmp_path: Path) -> None:
    test = of_photos("test", photos)
    (tmp_path / "mine.py").write_text(TIMM)
    (tmp_path / "net.pth").write_bytes(b"")
    spec = f"{tmp_path / 'mine.py'}:net"
    own.trust(spec)
    request = ImportRequest(spec, str(tmp_path / "net.pth"), str(tmp_path / "models"), Expected.of(test))
    for card, said in (
        ("thresholds = [0.5]\nclasses = ['cat']", "thresholds"), ("leads = ['I']", "channels"),
        ("[input]\nlayout = 'samples-first'", "input.layout"),
    ):  # fmt: skip
        (tmp_path / "mine.toml").write_text(card)
        with pytest.raises(ModelError, match=said):
            import_model(request)
    assert "mine" not in sys.modules


def test_a_file_on_arrays_is_measured_and_measured_again_from_a_bundle(tmp_path: Path) -> None:
    """A regressor with a card, named by its path; the device needs no card."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (60, 10)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, y=x.sum(1), ids=np.array([f"row {n}" for n in range(60)]))
    net = strangers.regressor(tmp_path / "net.onnx", np.full(10, 0.5, np.float32))
    net.with_suffix(".toml").write_text("[input]\nscale = 2\n")
    once = vars(QUICK) | {"processes": 1}
    run = api.run(
        None, tmp_path / "run", artifacts=(net,), targets=("host",), dataset="arrays", data_dir=tmp_path / "data.npz",
        measuring=once,
    )  # fmt: skip
    (row,) = run.measurements
    assert (row.status, row.reason) == ("ok", "")
    assert row.scores and row.scores.primary.value == pytest.approx(0, abs=1e-6)
    (advice,) = reading.recommend(tmp_path / "run")
    assert advice.chosen and advice.chosen.artifact and advice.chosen.artifact.sha256
    net.with_suffix(".toml").unlink()
    api.bundle([tmp_path / "run"], tmp_path / "net.bundle")
    again = api.measure([tmp_path / "net.bundle"], tmp_path / "again", measuring=once)
    (other,) = again.measurements
    assert (other.status, other.reason) == ("ok", "")
    assert other.scores and other.scores.primary.value == pytest.approx(0, abs=1e-6)
