"""Compressed models: written, read back, exported, fine-tuned, and chained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from edgebench import api
from edgebench.artifacts import artifacts
from edgebench.compress.chain import Records, compress
from edgebench.core.errors import PlanError
from edgebench.core.settings import FineTuning
from edgebench.models import flops, store
from edgebench.pipeline.plan import load
from edgebench.quantization.qat import QuantizationAware
from edgebench.training.loop import Watch
from edgebench.training.state import EpochReport

DEMO = Records("demo", None, 32)


def made(spec: str, folder: Path, **tuning: Any) -> store.TrainedModel:
    return store.find(str(compress("resnet1d", spec, folder, DEMO, FineTuning(**tuning))))


def test_zeros_are_kept_in_the_file(tmp_path: Path) -> None:
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


def test_quantization_aware_training_after_pruning(tmp_path: Path) -> None:
    """The whole chain: pruned, trained on, prepared, trained on, and exported to every int8 format."""
    model = made("structured-0.3+qat", tmp_path / "model", epochs=1, qat_epochs=2)
    network = store.network(model)
    assert isinstance(network, QuantizationAware)
    assert model.manifest.structure
    assert model.manifest.training["compressed"] == ["structured-0.3", "qat"]
    told = model.manifest.training["fine_tunings"][-1]
    assert (told["epochs"], told["recipe"]["precision"], told["recipe"]["hint"]) == (2, "fp32", 0)
    assert told["recipe"]["learning_rate"] == pytest.approx(1e-4)
    assert [t["of"] for t in model.manifest.training["fine_tunings"]] == ["structured-0.3", "structured-0.3+qat"]
    assert len(model.manifest.scores) == 2
    assert model.manifest.parameters < 1_367_781
    assert flops.macs(network, (12, 1000)) < 0.75 * model.manifest.before["macs"]
    outcomes = api.export(
        (str(tmp_path / "model" / "resnet1d.json"),),
        ("eager", "torchscript", "onnx", "onnx-int8-dynamic", "onnx-int8", "fbgemm-int8"), tmp_path / "out",
    )  # fmt: skip
    told = {name.rpartition("/")[2]: outcome for name, outcome in outcomes.items()}
    for name in ("eager", "torchscript", "onnx", "onnx-int8-dynamic"):
        assert told[name].status == "unsupported"
        assert told[name].reason == "the model was trained with its int8 quantization; it has int8 exports only"
    for name in ("onnx-int8", "fbgemm-int8"):
        assert told[name].status == "ok", told[name].reason
        made_of = artifacts.read(next((tmp_path / "out").rglob(f"{name}/manifest.json"))).artifact
        assert made_of is not None
        assert made_of.max_abs_error is not None
        assert made_of.max_abs_error < 0.5  # against the network with its rounding simulated
        assert made_of.before["parameters"] == 1_367_781


def test_fine_tuning_keeps_zeros_and_tells_its_training(tmp_path: Path) -> None:
    model = made("l1-0.4", tmp_path, epochs=1)
    weights = [p for p in store.network(model).parameters() if p.ndim == 3]
    assert sum(int((p == 0).sum()) for p in weights) / sum(p.numel() for p in weights) >= 0.399
    told = model.manifest.training["fine_tunings"][-1]
    assert told["epochs"] == 1
    assert told["recipe"]["keep_zeros"] is True
    assert told["recipe"]["teacher"] == "resnet1d"
    assert model.manifest.scores


@pytest.mark.parametrize("spec", ["structured-0.5", "qat"])
def test_an_interrupted_fine_tuning_goes_on(tmp_path: Path, spec: str) -> None:
    seen: list[int] = []
    starts: set[int] = set()
    start = tmp_path / "work" / spec / "resnet1d.safetensors"

    def watch(stop: bool) -> Watch:
        def epoch(report: EpochReport) -> None:
            seen.append(report.epoch)
            starts.add(start.stat().st_mtime_ns)
            if stop:
                raise KeyboardInterrupt

        return Watch(epoch=epoch)

    tuning = FineTuning(epochs=2, recipe={"crop": 500, "teacher": ""})
    with pytest.raises(KeyboardInterrupt):
        compress("resnet1d", spec, tmp_path, DEMO, tuning, watch(stop=True))
    assert [p.name for p in tmp_path.iterdir()] == ["work"]
    model = store.find(str(compress("resnet1d", spec, tmp_path, DEMO, tuning, watch(stop=False))))
    assert seen == [1, 2]
    assert len(starts) == 1  # from the very file, not from one calibrated anew
    assert sorted(p.name for p in tmp_path.iterdir()) == ["resnet1d.json", "resnet1d.safetensors"]
    told = model.manifest.training["fine_tunings"][-1]
    assert told["epochs"] == 2
    assert (told["recipe"]["crop"], told["recipe"]["teacher"]) == (500, "")
    assert told["recipe"]["amplitude"] == model.manifest.training["recipe"]["amplitude"]


def test_checkpoints_of_another_compression_are_not_used(tmp_path: Path) -> None:
    seen: list[int] = []

    def stop(report: EpochReport) -> None:
        seen.append(report.epoch)
        raise KeyboardInterrupt

    recipes: tuple[dict[str, Any], ...] = ({"crop": 500, "teacher": ""}, {"crop": 600, "teacher": ""})
    for recipe in recipes:
        with pytest.raises(KeyboardInterrupt):
            compress(
                "resnet1d", "structured-0.5", tmp_path, DEMO, FineTuning(epochs=2, recipe=recipe), Watch(epoch=stop)
            )
    assert seen == [1, 1]


def test_what_was_compressed_before_is_remembered(tmp_path: Path) -> None:
    """Zeros of an earlier compression are kept by a later one's fine-tuning, though its variant does not name them."""
    earlier = compress("resnet1d", "l1-0.5", tmp_path / "first", DEMO, FineTuning())
    second = compress(str(earlier), "random-0.1", tmp_path / "second", DEMO, FineTuning(epochs=1, recipe={"crop": 500}))
    told = store.find(str(second)).manifest
    assert told.variant == "random-0.1"
    assert told.training["compressed"] == ["l1-0.5", "random-0.1"]
    assert told.training["fine_tunings"][-1]["recipe"]["keep_zeros"] is True


def test_a_chain_goes_on_from_its_beginning(tmp_path: Path) -> None:
    """The same network as when all of it is done at once, to the bit; the beginning is not done again."""
    tuning = FineTuning(epochs=1)
    begun = compress("resnet1d", "structured-0.5", tmp_path / "begun", DEMO, tuning)
    epochs: list[int] = []
    watch = Watch(epoch=lambda report: epochs.append(report.epoch))
    going_on = store.find(
        str(compress("resnet1d", "structured-0.5+l1-0.4", tmp_path / "on", DEMO, tuning, watch, base=str(begun)))
    )
    assert epochs == [1]
    once = made("structured-0.5+l1-0.4", tmp_path / "once", epochs=1)
    assert going_on.manifest.weights_sha256 == once.manifest.weights_sha256
    assert going_on.manifest.variant == once.manifest.variant == "structured-0.5+l1-0.4"
    assert going_on.manifest.training["compressed"] == once.manifest.training["compressed"]
    assert going_on.manifest.before == once.manifest.before
    assert going_on.manifest.thresholds == once.manifest.thresholds


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        ("l1-1.4", "the amount is 1.4; it is between 0 and 1"),
        ("structured-0.5+l1-0", "the amount is 0; it is between 0 and 1"),
        ("qat-tpu", "variant 'qat-tpu': unknown 'tpu'; there is engine: fbgemm, x86, onednn, qnnpack"),
        ("qat", "training with quantization needs epochs"),
        ("qat+structured-0.5", "qat comes last"),
        ("none+l1-0.4", "none stands alone"),
    ],
)
def test_bad_variants_are_told_before_anything_runs(variant: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        load(None, {"variants": (variant,)})
