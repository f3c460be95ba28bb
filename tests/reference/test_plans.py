"""The plans of the published runs of the course projects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from edgebench.core import registry
from edgebench.data.signals import ecg
from edgebench.models import building
from edgebench.pipeline import read_plan

PLANS = Path(__file__).parents[2] / "results" / "plans"
ALIKE = {"cifar10": "demo-images", "mnist": "demo-digits", "echonet": "demo-echo"}
"""The demo whose records have the shape of a dataset's."""


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_plan_is_valid_and_its_networks_take_the_records(path: Path) -> None:
    plan = read_plan.load(path, {})
    dataset: Any = registry.dataset(plan.measure.dataset)
    assert str(plan.measure.data_dir) in path.read_text().partition("models =")[0]  # its first lines say where from
    spec = registry.dataset(ALIKE[dataset.name]).spec if dataset.name in ALIKE else ecg()  # type: ignore[attr-defined]
    for model in plan.build.models:
        with torch.device("meta"):
            network = building.build(registry.architecture(Path(model).stem), 3, spec).eval()
            assert network(torch.zeros(2, *spec.shape)).shape == (2, 3)


def test_every_plan_is_in_the_readme() -> None:
    text = (PLANS.parent / "README.md").read_text()
    assert all(f"results/plans/{path.name} -o {path.stem}\n" in text for path in PLANS.glob("*.toml"))


def test_the_two_calibrations_of_the_course_are_rows() -> None:
    exporters = read_plan.load(PLANS / "mnist.toml", {}).build.exporters
    assert {"fbgemm-int8:minmax,per-tensor", "fbgemm-int8:histogram,per-channel"} < set(exporters)
