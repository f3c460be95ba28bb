"""A network of one's own, as a user would have it: its file, its weights and its card."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from typing import Any

import torch

CODE = '''
from torch import nn

class Net(nn.Module):
    """Takes (batch, 1000, 12), standardised."""

    def __init__(self, classes):
        super().__init__()
        self.conv, self.relu, self.head = nn.Conv1d(12, 8, 7, stride=2), nn.ReLU(), nn.Linear(8, classes)

    def forward(self, x):
        return self.head(self.relu(self.conv(x.transpose(1, 2))).mean(2))

def build(classes):
    return Net(classes)

def three():
    return Net(3)

def nothing():
    return None
'''
CARD = """
classes = ["NORM", "MI", "STTC", "CD", "HYP"]
thresholds = [0.5, 0.4, 0.5, 0.5, 0.6]

[input]
layout = "samples-first"
unit = "standardised"
mean = 0.1
std = 0.25
"""


def write(folder: Path, card: str = CARD) -> Path:
    """Write net.py, net.toml and net.pth; returns net.py."""
    path = folder / "net.py"
    path.write_text(CODE)
    (folder / "net.toml").write_text(card)
    torch.save(network(path).state_dict(), folder / "net.pth")
    return path


def network(path: Path) -> Any:
    """The network in the file, with weights that are the same each time."""
    spec = util.spec_from_file_location("own_net", path)
    assert spec and spec.loader
    module = util.module_from_spec(spec)
    sys.modules["own_net"] = module
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    return module.build(5).eval()
