"""A stranger's image classifier and regressor, measured as they are on the records that their user has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import small_datasets
import strangers
from numpy.typing import NDArray
from strangers import answered, described

from edgebench.artifacts import manifests, opening
from edgebench.core import class_order, registry
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import ArtifactError
from edgebench.data.stored import Values
from edgebench.measuring.accuracy import score
from edgebench.tasks.scoring import scoring


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> RecordSet:
    home = small_datasets.make_cifar10(tmp_path_factory.mktemp("cifar"), 20)
    return registry.dataset("cifar10").load(DataRequest("test", home))


@pytest.fixture
def table(tmp_path: Path) -> RecordSet:
    """A table of ten columns with one target."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (60, 10)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, y=x.sum(1) + rng.normal(0, 0.1, 60))
    options = {"classes": "progression", "unit": "points"}
    return registry.dataset("arrays").load(DataRequest("test", tmp_path / "data.npz", options=options))


def logits(records: RecordSet) -> NDArray[np.float32]:
    found: NDArray[np.float32] = Values(records.input)[:].mean((2, 3)) @ strangers.WEIGHTS
    return found


def refused(path: Path, records: RecordSet, *said: str) -> None:
    with pytest.raises(ArtifactError) as raised:
        described(path, records)
    line = str(raised.value)
    assert "\n" not in line and all(text in line for text in said), line


@pytest.mark.parametrize("batch", ["n", 1])
def test_a_classifier_needs_no_card(pictures: RecordSet, tmp_path: Path, batch: int | str) -> None:
    path = strangers.classifier(tmp_path / "net.onnx", batch=batch)
    artifact = described(path, pictures)
    assert (artifact.task, artifact.classes, artifact.thresholds) == ("classification", pictures.classes, ())
    assert artifact.input == pictures.input.spec
    assert any("order of" in note for note in artifact.notes), "it says whose order of classes it takes"
    found = answered(artifact, path, pictures, tmp_path)
    np.testing.assert_allclose(found, logits(pictures), atol=1e-4)
    scores = score(scoring(pictures), found, None, artifact)
    assert scores.primary.metric.name == "top1"
    assert scores.primary.value == pytest.approx((logits(pictures).argmax(1) == pictures.labels).mean())


def test_a_card_turns_and_scales_an_image_and_names_the_classes(pictures: RecordSet, tmp_path: Path) -> None:
    """Keras's way: channels last, 0 to 255, blue first, minus a mean; its classes in another order, softmax inside."""
    path = strangers.classifier(tmp_path / "net.onnx", channels_last=True, softmax=True)
    refused(path, pictures, "[input]", "channels-last", "(batch, 3, 32, 32)")
    names = [*reversed(pictures.classes)]
    path.with_suffix(".toml").write_text(
        f'classes = {names}\nchannels = ["blue", "green", "red"]\noutput = "probabilities"\n'
        '[input]\nlayout = "channels-last"\nscale = 255\nmean = [10, 20, 30]\nstd = 64\n'
    )
    artifact = described(path, pictures)
    means = (255 * Values(pictures.input)[:].mean((2, 3))[:, ::-1] - [10, 20, 30]) / 64
    expected = (means @ strangers.WEIGHTS)[:, ::-1]
    answers = answered(artifact, path, pictures, tmp_path)
    found = class_order.answers_for(answers, artifact.classes, pictures.classes)
    np.testing.assert_allclose(
        found - found.max(1, keepdims=True), expected - expected.max(1, keepdims=True), atol=1e-3
    )


def test_a_regressor_of_one_value_on_arrays(table: RecordSet, tmp_path: Path) -> None:
    weights = np.ones(10, np.float32)
    path = strangers.regressor(tmp_path / "net.onnx", weights)
    artifact = described(path, table)
    assert (artifact.task, artifact.classes) == ("regression", ("progression",))
    found = answered(artifact, path, table, tmp_path)
    assert found.shape == (len(table), 1)
    np.testing.assert_allclose(found[:, 0], Values(table.input)[:] @ weights, atol=1e-5)
    scores = score(scoring(table), found, None, artifact)
    assert (scores.primary.metric.name, scores.primary.metric.unit) == ("mae", "points")
    assert scores.primary.value == pytest.approx(np.abs(found - table.labels).mean())


def test_what_does_not_fit_is_one_line(pictures: RecordSet, table: RecordSet, tmp_path: Path) -> None:
    three = strangers.regressor(tmp_path / "three.onnx", np.ones(10, np.float32), outputs=3)
    refused(three, table, "answers 3 numbers", "1 output: progression")
    wide = strangers.regressor(tmp_path / "wide.onnx", np.ones(7, np.float32))
    refused(wide, table, "['n', 7]", "(batch, 10)")
    net = strangers.classifier(tmp_path / "net.onnx")
    refused(net, table, "(batch, 10)")
    for card, said in (
        ("thresholds = [0.5, 0.5]\nclasses = ['a', 'b']", "thresholds"), ("leads = ['I']", "channels"),
        ("[input]\nunit = 'mV'", "input.unit"), ("[input]\nlayout = 'samples-first'", "input.layout"),
        ("channels = ['infrared']", "red, green, blue"), ("[input]\nmean = [1, 2]\nstd = 1", "one for each channel"),
        ("classes = ['a', 'b']", "2 classes: a, b"),
    ):  # fmt: skip
        net.with_suffix(".toml").write_text(card)
        refused(net, pictures, said)
    good = strangers.regressor(tmp_path / "good.onnx", np.ones(10, np.float32))
    for card, said in (("output = 'probabilities'", "quantities"), ("unit = 'mg'", "points")):
        good.with_suffix(".toml").write_text(card)
        refused(good, table, said)


def test_the_weights_of_a_file_are_shown_without_records_and_card(tmp_path: Path) -> None:
    path = strangers.classifier(tmp_path / "net.onnx")
    found = manifests.outline(path)
    assert (found.name, found.format, found.size_bytes) == ("net as-is", "onnx", path.stat().st_size)
    assert [layer.shape for layer in opening.layers(found.path, found.format)] == [(10, 3)]
    path.write_bytes(b"nothing")
    with pytest.raises(ArtifactError, match="not an ONNX file"):
        manifests.outline(path)


def test_a_file_beside_an_exported_one_is_not_taken_for_it(tmp_path: Path) -> None:
    """Without a TOML file of its own it would be measured as the other one."""
    exported = strangers.classifier(tmp_path / "model.onnx")
    (tmp_path / "manifest.json").write_text('{"exporter": "onnx", "sha256": "", "file": "model.onnx"}')
    other = strangers.regressor(tmp_path / "other.onnx", np.ones(10, np.float32))
    assert manifests.outline(other).path == other
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        manifests.read(exported)
