"""The published runs of compressed models: what was promised of pruning and int8, or how far it is missed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from flat_rows import value
from numpy.typing import NDArray

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.core.files import safe_name
from edgebench.core.measurements import Measurement
from edgebench.pipeline import run_store
from edgebench.tasks.resampling import interval, resamples
from edgebench.tasks.statistics import decide, f1_samples

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
PRUNED = {
    "resnet1d": "structured-0.5", "convnext-atto": "structured-0.55", "mobilenetv3-small": "structured-0.55",
    "deit-tiny": "structured-0.5-heads",
}  # fmt: skip
"""The variant of each model that has half of its multiply-adds."""
MODELS = ("resnet1d", "convnext-atto", "mobilenetv3-small", "deit-tiny")
"""Those whose run is published. What was promised is for the first, one convolutional network and one transformer."""
INT8 = ("onnx-int8", "fbgemm-int8")
TRAINED = [(m, pruned) for m in MODELS for pruned in (False, True) if (m, pruned) != ("convnext-atto", False)]
"""Those with a training with quantization: of `convnext-atto` only the pruned one."""
HISTOGRAM, COARSE = "fbgemm-int8:histogram", "fbgemm-int8:minmax,per-tensor"
MISSED: dict[tuple[object, ...], str] = {
    ("faster", "mobilenetv3-small", "torchscript"): "1.56 times, on a machine that others load too",
    ("default", "mobilenetv3-small", "structured-0.55"): "one scale from extremes is better, by 0.024 macro-F1",
}
"""What was promised and is not so in the published runs."""


def told(request: pytest.FixtureRequest, *what: object) -> None:
    """Expect a miss that is known, and nothing else."""
    if reason := MISSED.get(what):
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))


def cells(model: str) -> dict[tuple[str, str], Measurement]:
    """A model's measured cells by variant and exporter."""
    run = run_store.read(REFERENCE / f"variants-{model}")
    assert {m.status for m in run.measurements} <= {"ok", "unsupported"}
    return {(m.cell.variant, m.cell.exporter): m for m in run.measurements if m.status == "ok"}


def smaller(one: Measurement, than: Measurement) -> float:
    return (value(than, "file_size_bytes") or 0) / (value(one, "file_size_bytes") or 1)


def faster(one: Measurement, than: Measurement) -> float:
    return (value(than, "latency_p50_s") or 0) / (value(one, "latency_p50_s") or 1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("exporter", ["torchscript", "onnx"])
def test_half_the_multiply_adds_make_the_file_smaller(model: str, exporter: str) -> None:
    found = cells(model)
    dense, pruned = found["none", exporter], found[PRUNED[model], exporter]
    # deit-tiny was pruned while attention's products of activations were not counted.
    share = 0.53 if model == "deit-tiny" else 0.52
    assert (value(pruned, "macs") or 0) <= share * (value(pruned, "macs_before") or 0)
    assert smaller(pruned, dense) >= 1.7


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("exporter", ["torchscript", "onnx"])
def test_half_the_multiply_adds_make_it_faster(model: str, exporter: str, request: pytest.FixtureRequest) -> None:
    told(request, "faster", model, exporter)
    found = cells(model)
    assert faster(found[PRUNED[model], exporter], found["none", exporter]) >= 1.6


def test_half_of_resnet1d_is_as_good() -> None:
    found = cells("resnet1d")
    for exporter in ("torchscript", "onnx"):
        assert (value(found[PRUNED["resnet1d"], exporter], "delta_macro_f1") or 0) >= -0.01


@pytest.mark.parametrize("model", MODELS)
def test_pruned_and_int8_together(model: str, request: pytest.FixtureRequest) -> None:
    """Some int8 artifact of the pruned network is much smaller than TorchScript's fp32 file, and faster than eager."""
    told(request, "together", model)
    found = cells(model)
    together = [m for (variant, exporter), m in found.items() if PRUNED[model] in variant and exporter in INT8]
    good = [
        m for m in together
        if smaller(m, found["none", "torchscript"]) >= 7 and faster(m, found["none", "eager"]) >= 3
        and (value(m, "delta_macro_f1") or 0) >= -0.015
    ]  # fmt: skip
    assert good, [
        (
            m.cell.name,
            smaller(m, found["none", "torchscript"]),
            faster(m, found["none", "eager"]),
            value(m, "delta_macro_f1"),
        )
        for m in together
    ]


@pytest.mark.parametrize(("model", "pruned"), TRAINED)
@pytest.mark.parametrize("exporter", INT8)
def test_training_with_quantization_is_as_good_as_quantizing_afterwards(
    model: str, pruned: bool, exporter: str, request: pytest.FixtureRequest
) -> None:
    told(request, "qat", model, exporter, pruned)
    m = cells(model)[f"{PRUNED[model]}+qat" if pruned else "qat", exporter]
    assert value(m, "counterpart") == (f"{exporter} · {PRUNED[model]}" if pruned else exporter)
    assert value(m, "counterpart_high") is not None
    assert value(m, "counterpart_high") >= 0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("pruned", [False, True])
def test_the_default_int8_is_as_good_as_one_scale_from_extremes(
    model: str, pruned: bool, request: pytest.FixtureRequest
) -> None:
    found = cells(model)
    variant = PRUNED[model] if pruned else "none"
    told(request, "default", model, variant)
    coarse = found[variant, COARSE]
    assert value(coarse, "counterpart") == found[variant, "fbgemm-int8"].cell.name
    assert value(coarse, "counterpart_low") is not None
    assert value(coarse, "counterpart_low") <= 0


@pytest.mark.ptbxl
@pytest.mark.parametrize("model", ["resnet1d", "convnext-atto", "deit-tiny"])
@pytest.mark.parametrize("pruned", [False, True])
def test_scales_of_channels_from_histograms_are_as_good_as_one_scale_from_extremes(
    model: str, pruned: bool, ptbxl_all: Path, request: pytest.FixtureRequest
) -> None:
    """Paired bootstrap over fold 10: the interval of the difference of macro-F1 is not below zero."""
    variant = PRUNED[model] if pruned else "none"
    told(request, "histogram", model, variant)
    labels = registry.dataset("ptbxl").load(DataRequest("test", ptbxl_all)).labels
    fine, coarse = (
        np.concatenate([f1_samples(labels, decided, weights) for weights in resamples(len(labels))])
        for decided in (decisions(model, variant, exporter) for exporter in (HISTOGRAM, COARSE))
    )
    assert interval(fine - coarse)[1] >= 0


def decisions(model: str, variant: str, exporter: str) -> NDArray[np.uint8]:
    """What a published artifact decided, (records, classes)."""
    folder = REFERENCE / f"variants-{model}"
    home = folder / "artifacts" / model / variant / safe_name(exporter)
    manifest = json.loads((home / "manifest.json").read_text())
    logits = np.load(folder / "predictions" / f"{model}~{variant}~{exporter.replace(':', '_')}~cpu-fbgemm.npy")
    return decide(logits, tuple(manifest["thresholds"]))
