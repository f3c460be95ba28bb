"""A network of the user's with two inputs is trained, distilled and compressed with both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgebench.compress.chain import Records, compress
from edgebench.core.errors import Unsupported
from edgebench.core.settings import FineTuning
from edgebench.models import store
from edgebench.training.loop import train

MINE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.conv, self.relu = nn.Conv1d(2, 8, 5), nn.ReLU()
        self.head = nn.Linear(8 + 3, outputs)

    def forward(self, ecg, table):
        return self.head(torch.cat([self.relu(self.conv(ecg)).mean(2), table], 1))

"""
SMALL = """
from torch import nn


def build(outputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(100, outputs))
"""
OPTIONS = {"inputs": "ecg,unused,table"}
RECIPE: dict[str, Any] = {"epochs": 12, "batch_size": 16, "learning_rate": 0.1, "mixup": 0.2}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records whose quantity only the table tells, and a network that was trained on both inputs."""
    folder = tmp_path_factory.mktemp("several")
    rng = np.random.default_rng(0)
    ecg, unused, table = (rng.normal(0, 1, (200, *shape)).astype(np.float32) for shape in ((2, 50), (1,), (3,)))
    np.savez(folder / "data.npz", ecg=ecg, unused=unused, table=table, y=5 + 2.0 * table[:, 0])
    (folder / "mine.py").write_text(MINE)
    (folder / "mine.toml").write_text("[inputs]\ntable = 'table'\n")
    (folder / "small.py").write_text(SMALL)
    trained(folder, "mine.py:Net")
    return folder


def trained(home: Path, network: str, **recipe: Any) -> store.ModelManifest:
    spec, data, output = f"{home / network}", home / "data.npz", home / "models"
    path = train(spec, "arrays", data, output, RECIPE | recipe, options=OPTIONS, device="cpu")
    return store.find(str(path)).manifest


def test_both_inputs_are_learned_from(home: Path) -> None:
    made = store.find(str(home / "models" / "mine.json"))
    assert {name: spec.shape for name, spec in made.manifest.further.items()} == {"table": (3,)}
    assert made.manifest.scores["test"].metrics["mae"] < 0.5, "1.6 without the table"
    network, ecg = store.network(made), torch.zeros(2, 2, 50)
    low, high = (network(ecg, torch.full((2, 3), value)).mean().item() for value in (-1.0, 1.0))
    assert high - low > 2


def test_a_teacher_may_take_more_inputs_than_its_student(home: Path) -> None:
    made = trained(home, "small.py:build", epochs=1, teacher=str(home / "models" / "mine.json"))
    assert made.further == {}
    assert made.training["recipe"]["teacher"] == "mine"


@pytest.mark.parametrize("spec", ["l1-0.4", "structured-0.2-taylor"])
def test_it_is_pruned_and_fine_tuned(spec: str, home: Path, tmp_path: Path) -> None:
    records = Records("arrays", home / "data.npz", 32, options=OPTIONS)
    made = store.find(str(compress(str(home / "models" / "mine.json"), spec, tmp_path, records, FineTuning(epochs=1))))
    assert list(made.manifest.further) == ["table"]
    assert made.manifest.before["macs"] == 8 * 46 * 2 * 5 + 11
    network = store.network(made)
    assert network(torch.zeros(2, 2, 50), torch.zeros(2, 3)).shape == (2, 1)
    assert made.manifest.parameters < 100 if "structured" in spec else made.manifest.parameters == 100
    assert made.manifest.scores["test"].metrics["mae"] < 1


def test_what_takes_one_input_says_so(home: Path, tmp_path: Path) -> None:
    records = Records("arrays", home / "data.npz", 32, options=OPTIONS)
    with pytest.raises(Unsupported, match="table"):
        compress(str(home / "models" / "mine.json"), "qat", tmp_path, records, FineTuning())
