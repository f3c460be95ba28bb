"""The wrapper of a user's network converts as an imported file's adapter does, and stays exportable."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_onnx
import torch
from small_onnx import LEADS
from torch import fx, nn

from edgebench import api
from edgebench.artifacts.import_model import ImportRequest, import_model
from edgebench.core.errors import ModelError
from edgebench.core.outputs import WrongOutput
from edgebench.data.signals import FOR_ECG
from edgebench.measuring.per_record import normalised
from edgebench.models.card import Card
from edgebench.models.card_input import CardInput
from edgebench.models.external import own
from edgebench.models.external.own_network import OwnNetwork

Pair = namedtuple("Pair", ["aux", "logits"])
SIGNALS = np.random.default_rng(1).normal(0.1, 0.4, (3, 12, 1000)).astype(np.float32)
SIGNALS[1, 4] = 0.123
SIGNALS[2] = 0.0


class Powers(nn.Module):
    """Logits of the mean power of each lead, in one of many forms."""

    def __init__(self, form: str, rows: Any = slice(None)) -> None:
        super().__init__()
        self.form, self.weights = form, nn.Parameter(torch.from_numpy(small_onnx.weights()[rows]))

    def forward(self, x: Any, age: Any = None) -> Any:
        y = (x * x).mean(2) @ self.weights
        y = y if age is None else y + age[:, :1]
        return {
            "tensor": y, "tuple": (-y, y), "list": [-y, y], "dict": {"aux": -y, "logits": y}, "named": Pair(-y, y),
            "one": (y,), "nested": ((-y, -y), y),
        }[self.form]  # fmt: skip


def logits(network: nn.Module, card: Card) -> Any:
    whole = OwnNetwork(network, card.io_adapter(FOR_ECG, answer=card.output), FOR_ECG.input).eval()
    with torch.inference_mode():
        found = whole(torch.from_numpy(SIGNALS)).numpy()
        np.testing.assert_array_equal(fx.symbolic_trace(whole)(torch.from_numpy(SIGNALS)).numpy(), found)
    return found


def right(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("form", "output"),
    [("tensor", None), ("tensor", "logits"), ("tuple", 1), ("list", 1), ("dict", "logits"), ("named", "logits"),
     ("named", 1), ("one", None), ("nested", 1)],
)  # fmt: skip
def test_the_chosen_output_is_taken(form: str, output: Any) -> None:
    right(logits(Powers(form), Card(small_onnx.CLASSES, output=output)), small_onnx.logits(SIGNALS))


@pytest.mark.parametrize(
    ("form", "output"),
    [("tensor", 1), ("tensor", "head"), ("tuple", None), ("tuple", 2), ("tuple", "logits"), ("list", None),
     ("dict", None), ("dict", "head"), ("named", None), ("named", "head"), ("one", "head"), ("nested", 0)],
)  # fmt: skip
def test_none_or_a_wrong_one_is_refused(form: str, output: Any) -> None:
    with pytest.raises(WrongOutput):
        logits(Powers(form), Card(small_onnx.CLASSES, output=output))


@pytest.mark.parametrize("how", ["zscore", "zscore-record", "max", "max-channel"])
def test_records_are_normalised_as_for_files(how: Any) -> None:
    card = Card(small_onnx.CLASSES, input=CardInput(per_record=how))
    right(logits(Powers("tensor"), card), small_onnx.logits(normalised(SIGNALS, how)))


def test_leads_and_constants() -> None:
    rows = [10, 0]
    card = Card(small_onnx.CLASSES, leads=("v5", "I"), constants={"age": (0.5, 3.0)})
    masked = np.where(np.isin(np.arange(12), rows)[:, None], SIGNALS, 0)
    right(logits(Powers("tensor", rows), card), small_onnx.logits(masked) + 0.5)


CODE = '''
import torch
from torch import nn

class Net(nn.Module):
    """Takes leads in reverse order and an age; answers (aux, logits)."""

    def __init__(self):
        super().__init__()
        self.conv, self.relu, self.head = nn.Conv1d(LEADS, 8, 7, stride=2), nn.ReLU(), nn.Linear(8, 5)

    def forward(self, x, age):
        y = self.head(self.relu(self.conv(x)).mean(2)) + age
        return {"aux": -y, "logits": y}

def build():
    torch.manual_seed(0)
    return Net()
'''
HEAD = f"leads = {list(reversed(LEADS))}\noutput = 'logits'\n{small_onnx.CARD}"
GIVEN = "[constants]\nage = 0.25\n[input]\nper_record = 'zscore'\n"


def written(folder: Path, card: str, leads: int = 12) -> Path:
    path = folder / "net.py"
    path.write_text(CODE.replace("LEADS", str(leads)))
    path.with_suffix(".toml").write_text(card)
    namespace: dict[str, Any] = {}
    exec(path.read_text(), namespace)
    torch.save(namespace["build"]().state_dict(), folder / "net.pth")
    return path


@pytest.mark.parametrize(
    ("card", "leads", "said"),
    [
        (small_onnx.CARD + GIVEN, 12, r"several outputs: aux \(2, 5\) and logits \(2, 5\).*output = \"logits\""),
        (HEAD, 12, r"\[constants\] age"), (HEAD + GIVEN.replace("age", "sex"), 12, r"\[constants\] age"),
        (HEAD + GIVEN, 3, r"does not take \(batch, 12, 1000\) and age \(batch, 1\).*leads = "),
        (HEAD + GIVEN + "dtype = 'float16'\n", 12, "dtype and name"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_at_the_import(tmp_path: Path, card: str, leads: int, said: str) -> None:
    net = written(tmp_path, card, leads)
    own.trust(f"{net}:build")
    with pytest.raises(ModelError, match=said) as refused:
        import_model(ImportRequest(f"{net}:build", str(tmp_path / "net.pth"), str(tmp_path / "out"), FOR_ECG))
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_every_kind_of_export_keeps_it(tmp_path: Path) -> None:
    net = written(tmp_path, HEAD + GIVEN)
    exporters = ("onnx", "onnx-int8", "torchscript", "fbgemm-int8", "torch-int8-dynamic")
    made = api.export((f"{net}:build",), exporters, tmp_path / "out", weights=tmp_path / "net.pth")
    assert {name.rpartition("/")[2]: (o.status, o.reason) for name, o in made.items()} == dict.fromkeys(
        exporters, ("ok", "")
    )
    for name, outcome in made.items():
        error = outcome.value.max_abs_error
        assert error is not None
        assert error < (0.05 if "int8" in name else 1e-4)
