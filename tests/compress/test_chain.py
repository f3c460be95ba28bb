"""Compressed models: written, read back, exported, fine-tuned, and chained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_networks
import torch

from edgebench import api, reading
from edgebench.artifacts import manifests
from edgebench.compress.chain import Records, compress
from edgebench.core.errors import PlanError
from edgebench.core.settings import FineTuning
from edgebench.models import flops, store
from edgebench.pipeline.read_plan import load
from edgebench.quantization.aware import QuantizationAware
from edgebench.quantization.shares import weights
from edgebench.training.loop import Watch, train
from edgebench.training.state import EpochReport

DEMO = Records("demo", None, 32)


def made(spec: str, folder: Path, model: str = "resnet1d", **tuning: Any) -> store.TrainedModel:
    return store.find(str(compress(model, spec, folder, DEMO, FineTuning(**tuning))))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The manifest of a small trained network, which is quick to fine-tune."""
    with pytest.MonkeyPatch.context() as patch:
        small_networks.register(patch)
        yield str(train("small-signal", "demo", None, tmp_path_factory.mktemp("small"), {"epochs": 1}))


def test_the_file_has_the_zeros(tmp_path: Path) -> None:
    model = made("l1-0.4", tmp_path)
    weights = [p for p in store.network(model).parameters() if p.ndim == 3]
    zeros = sum(int((p == 0).sum()) for p in weights) / sum(p.numel() for p in weights)
    assert zeros == pytest.approx(0.4, abs=1e-3)
    assert model.manifest.variant == "l1-0.4"
    assert model.manifest.compressed_from == store.find("resnet1d").manifest.weights_sha256
    assert model.manifest.before["parameters"] == model.manifest.parameters == 1_367_781


def test_a_smaller_network_is_built_again_from_its_manifest(tmp_path: Path) -> None:
    model = made("structured-0.5", tmp_path)
    network = store.network(model)
    assert sum(p.numel() for p in network.parameters()) == model.manifest.parameters < 0.7 * 1_367_781
    assert network(torch.zeros(2, 12, 1000)).shape == (2, 5)
    assert 100_000_000 < model.manifest.before["macs"] < 110_000_000


@pytest.mark.slow
def test_quantization_aware_training_after_pruning(tmp_path: Path) -> None:
    """The whole chain: pruned, trained on, prepared, trained on, and exported to every int8 format."""
    model = made("structured-0.3+qat", tmp_path / "model", epochs=2, qat_epochs=1, recipe={"crop": 250})
    network = store.network(model)
    assert isinstance(network, QuantizationAware)
    assert model.manifest.structure
    assert model.manifest.training["compressed"] == ["structured-0.3", "qat"]
    tuning = model.manifest.training["fine_tunings"][-1]
    assert (tuning["epochs"], tuning["recipe"]["precision"], tuning["recipe"]["hint"]) == (1, "fp32", 0)
    assert tuning["recipe"]["learning_rate"] == pytest.approx(1e-4)
    assert [t["of"] for t in model.manifest.training["fine_tunings"]] == ["structured-0.3", "structured-0.3+qat"]
    assert len(model.manifest.scores) == 2
    assert model.manifest.parameters < 1_367_781
    assert flops.macs(network, (12, 1000)) < 0.75 * model.manifest.before["macs"]
    outcomes = api.export(
        (str(tmp_path / "model" / "resnet1d.json"),),
        ("eager", "torchscript", "onnx", "onnx-int8-dynamic", "onnx-int8", "fbgemm-int8"), tmp_path / "out",
    )  # fmt: skip
    by_exporter = {name.rpartition("/")[2]: outcome for name, outcome in outcomes.items()}
    for name in ("eager", "torchscript", "onnx", "onnx-int8-dynamic"):
        assert by_exporter[name].status == "unsupported" and by_exporter[name].reason
    for name in ("onnx-int8", "fbgemm-int8"):
        assert by_exporter[name].status == "ok", by_exporter[name].reason
        artifact = manifests.read(next((tmp_path / "out").rglob(f"{name}/manifest.json"))).artifact
        assert artifact is not None
        assert artifact.max_abs_error is not None
        assert artifact.max_abs_error < 0.5  # against the network with its rounding simulated
        assert artifact.before["parameters"] == 1_367_781
        assert artifact.int8_weights == artifact.int8_macs == 1
        assert {layer.name for layer in reading.inspect(tmp_path / "out" / "resnet1d" / artifact.variant / name)} == {
            path for path, module in store.network(store.find("resnet1d")).named_modules() if weights(module)
        }


def test_fine_tuning_keeps_zeros_and_records_its_training(small: str, tmp_path: Path) -> None:
    model = made("l1-0.4", tmp_path, small, epochs=1)
    weights = [p for p in store.network(model).parameters() if p.ndim == 3]
    assert sum(int((p == 0).sum()) for p in weights) / sum(p.numel() for p in weights) >= 0.399
    tuning = model.manifest.training["fine_tunings"][-1]
    assert tuning["epochs"] == 1
    assert tuning["recipe"]["keep_zeros"] is True
    assert tuning["recipe"]["teacher"] == "small-signal"
    assert model.manifest.scores


@pytest.mark.parametrize("spec", ["structured-0.5", "qat"])
def test_an_interrupted_fine_tuning_continues(small: str, tmp_path: Path, spec: str) -> None:
    seen: list[int] = []
    starts: set[int] = set()
    start = tmp_path / "work" / spec / "small-signal.safetensors"

    def watch(stop: bool) -> Watch:
        def epoch(report: EpochReport) -> None:
            seen.append(report.epoch)
            starts.add(start.stat().st_mtime_ns)
            if stop:
                raise KeyboardInterrupt

        return Watch(epoch=epoch)

    tuning = FineTuning(epochs=2, recipe={"crop": 500, "teacher": ""})
    with pytest.raises(KeyboardInterrupt):
        compress(small, spec, tmp_path, DEMO, tuning, watch(stop=True))
    assert [p.name for p in tmp_path.iterdir()] == ["work"]
    model = store.find(str(compress(small, spec, tmp_path, DEMO, tuning, watch(stop=False))))
    assert seen == [1, 2]
    assert len(starts) == 1  # from the same file, not from another calibration
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small-signal.json", "small-signal.safetensors"]
    tuning = model.manifest.training["fine_tunings"][-1]
    assert tuning["epochs"] == 2
    assert (tuning["recipe"]["crop"], tuning["recipe"]["teacher"]) == (500, "")
    assert tuning["recipe"]["amplitude"] == model.manifest.training["recipe"]["amplitude"]


def test_checkpoints_of_another_compression_are_not_used(small: str, tmp_path: Path) -> None:
    seen: list[int] = []

    def stop(report: EpochReport) -> None:
        seen.append(report.epoch)
        raise KeyboardInterrupt

    recipes: tuple[dict[str, Any], ...] = ({"crop": 500, "teacher": ""}, {"crop": 600, "teacher": ""})
    for recipe in recipes:
        with pytest.raises(KeyboardInterrupt):
            compress(small, "structured-0.5", tmp_path, DEMO, FineTuning(epochs=2, recipe=recipe), Watch(epoch=stop))
    assert seen == [1, 1]


def test_zeros_of_an_earlier_compression_are_kept(small: str, tmp_path: Path) -> None:
    """By the fine-tuning of a later one, though its variant does not name them."""
    earlier = compress(small, "l1-0.5", tmp_path / "first", DEMO, FineTuning())
    second = compress(str(earlier), "random-0.1", tmp_path / "second", DEMO, FineTuning(epochs=1, recipe={"crop": 500}))
    manifest = store.find(str(second)).manifest
    assert manifest.variant == "random-0.1"
    assert manifest.training["compressed"] == ["l1-0.5", "random-0.1"]
    assert manifest.training["fine_tunings"][-1]["recipe"]["keep_zeros"] is True


def test_a_chain_continues_from_its_base(small: str, tmp_path: Path) -> None:
    """The same network as from the whole chain at once, to the bit; the first compression does not run again."""
    tuning = FineTuning(epochs=1)
    base = compress(small, "structured-0.5", tmp_path / "base", DEMO, tuning)
    epochs: list[int] = []
    watch = Watch(epoch=lambda report: epochs.append(report.epoch))
    continued = store.find(
        str(compress(small, "structured-0.5+l1-0.4", tmp_path / "on", DEMO, tuning, watch, base=str(base)))
    )
    assert epochs == [1]
    once = made("structured-0.5+l1-0.4", tmp_path / "once", small, epochs=1)
    assert continued.manifest.weights_sha256 == once.manifest.weights_sha256
    assert continued.manifest.variant == once.manifest.variant == "structured-0.5+l1-0.4"
    assert continued.manifest.training["compressed"] == once.manifest.training["compressed"]
    assert continued.manifest.before == once.manifest.before
    assert continued.manifest.thresholds == once.manifest.thresholds


@pytest.mark.parametrize(
    ("variant", "named"),
    [
        ("l1-1.4", r"1\.4"),
        ("structured-0.5+l1-0", "l1-0"),
        ("qat-tpu", r"'tpu'.*qnnpack"),
        ("qat", "epochs"),
        ("qat+structured-0.5", "qat"),
        ("none+l1-0.4", "none"),
    ],
)
def test_bad_variants_are_refused_before_anything_runs(variant: str, named: str) -> None:
    with pytest.raises(PlanError, match=named):
        load(None, {"variants": (variant,)})


def test_classes_in_another_order_are_tuned_on_their_own_labels(small: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        small_networks.register(patch)
        turned = small_networks.with_classes_turned(small, tmp_path / "turned")
        recipe = {"batch_size": 256}
        one = made("l1-0.4", tmp_path / "one", small, epochs=1, recipe=recipe).manifest
        other = made("l1-0.4", tmp_path / "other", turned, epochs=1, recipe=recipe).manifest
    assert other.classes == one.classes[::-1]
    for fold, scores in one.scores.items():
        for name, value in scores.metrics.items():
            assert other.scores[fold].metrics[name] == pytest.approx(value, abs=0.02), (fold, name)
