"""The shipped weights, their scores on PTB-XL, and wrong manifests."""

from __future__ import annotations

import pytest

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.models import store
from edgebench.models.image import ImageArchitecture
from edgebench.pipeline import read_plan
from edgebench.tasks.statistics import decide, macro_f1
from edgebench.training.evaluation import predict


def is_image(name: str) -> bool:
    architecture = registry.architecture(store.find(name).manifest.architecture)
    return isinstance(architecture, ImageArchitecture)


MISSED = {"vit": "macro-AUC 0.889 instead of 0.90 after six epochs on two cores; it was still rising"}
"""Models that do not reach the bars yet; the test fails once one does and is still listed."""
BARS = [
    pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=MISSED[name])) if name in MISSED else name
    for name in store.shipped("multilabel")
]


@pytest.mark.parametrize("name", BARS)
def test_scores_reach_the_bars(name: str) -> None:
    """1-D networks: macro-AUC 0.92 and macro-F1 0.73 on fold 10; image networks: 0.90 and 0.68."""
    scores = store.find(name).manifest.scores["fold10"]
    auc, f1 = (0.90, 0.68) if is_image(name) else (0.92, 0.73)
    assert scores.metrics["macro_auc"] >= auc
    assert scores.metrics["macro_f1"] >= f1


TOP1 = {"resnet8": 0.85, "resnet20": 0.905, "mobilenetv2": 0.99, "resnet8-demo-images": 0.6}
"""Of MLPerf Tiny's ResNet-8 and ResNet-20 on CIFAR-10's test images, and MobileNetV2 on MNIST's."""


JPEG = pytest.mark.xfail(strict=True, reason="trained on images that had been compressed as JPEG to 300 bytes each")
CLASSIFIERS = [
    pytest.param(name, marks=JPEG) if name in ("resnet8", "resnet20") else name
    for name in store.shipped("classification")
]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_top1_reaches_the_bars(name: str) -> None:
    manifest = store.find(name).manifest
    assert manifest.scores["test"].metrics["top1"] >= TOP1[name]


@pytest.mark.parametrize("name", store.shipped("regression"))
def test_errors_are_far_below_those_of_the_mean(name: str) -> None:
    assert store.find(name).manifest.scores["test"].metrics["r2"] >= 0.5


@pytest.mark.parametrize("dataset", ["demo", "demo-images", "demo-echo"])
def test_a_demo_alone_gives_a_run(dataset: str) -> None:
    """Its model is shipped inside the package."""
    plan = read_plan.load(None, {"dataset": dataset})
    model = store.find(plan.build.models[0])
    assert model.weights.parent == store.SHIPPED
    assert model.manifest.classes == registry.dataset(dataset).classes
    assert plan == read_plan.load(None, {"models": plan.build.models}), "and that model alone the same"


def test_weights_are_small_together() -> None:
    assert sum(store.find(name).weights.stat().st_size for name in store.shipped()) <= 46e6


def test_demo_carries_signal() -> None:
    """A model trained on PTB-XL alone reaches 0.60 on the synthetic set."""
    records = registry.dataset("demo").load(DataRequest("test"))
    model = store.find("resnet1d")
    logits = predict(store.network(model), records)
    assert macro_f1(records.labels, decide(logits, model.manifest.thresholds)) >= 0.60
