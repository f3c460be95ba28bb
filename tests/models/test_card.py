"""The card of an imported network: what it says, what it may omit, and what is refused in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import own_files
import pytest

from edgebench.core.errors import ArtifactError, EdgeBenchError, ModelError
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.problems import InvalidValue
from edgebench.data.signals import FOR_ECG
from edgebench.models.card import Card, read
from edgebench.models.card_input import CardInput

TWELVE = (0.1,) * 12, (0.25,) * 12


def written(folder: Path, text: str) -> Path:
    (folder / "net.toml").write_text(text)
    return folder / "net.py"


def test_it_is_beside_the_file_with_the_same_name(tmp_path: Path) -> None:
    path = written(tmp_path, own_files.CARD)
    for name in (path, tmp_path / "net.onnx", tmp_path / "net.pt"):
        assert read(name, ModelError, tuned=False, task="multilabel") == Card(
            ("NORM", "MI", "STTC", "CD", "HYP"), thresholds=(0.5, 0.4, 0.5, 0.5, 0.6),
            input=CardInput("samples-first", "standardised", (0.1,), (0.25,)),
        )  # fmt: skip


def test_one_number_stands_for_all_leads(tmp_path: Path) -> None:
    several = ", ".join(["0.1"] * 12)
    one = read(written(tmp_path, own_files.CARD), ModelError, tuned=False, task="multilabel").io_adapter(FOR_ECG)
    all_of_them = own_files.CARD.replace("mean = 0.1", f"mean = [{several}]")
    assert read(written(tmp_path, all_of_them), ModelError, tuned=False, task="multilabel").io_adapter(FOR_ECG) == one


def test_the_least_card_has_classes(tmp_path: Path) -> None:
    path = written(tmp_path, 'classes = ["A", "B"]')
    assert read(path, ModelError, tuned=True, task="multilabel") == Card(("A", "B"))
    with pytest.raises(ModelError, match="--tune-thresholds"):
        read(path, ModelError, tuned=False, task="multilabel")


def test_a_card_that_is_missing_is_shown_for_the_records(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as refused:
        read(tmp_path / "no.py", ModelError, tuned=False, task="multilabel", classes=("wet", "dry"))
    text = str(refused.value)
    assert 'classes = ["wet", "dry"], thresholds = [0.5, 0.5]' in text and "--dataset" in text and "NORM" not in text
    for task in ("classification", "regression", ""):
        assert read(tmp_path / "no.py", ModelError, tuned=False, task=task) == Card()


def test_the_adapter_is_what_the_card_says(tmp_path: Path) -> None:
    card = read(written(tmp_path, own_files.CARD), ModelError, tuned=False, task="multilabel")
    assert card.io_adapter(FOR_ECG, single=True) == IOAdapter(("sample", "lead"), *TWELVE, True, "logits")
    plain = Card(("A",), output="probabilities")
    assert plain.io_adapter(FOR_ECG) == IOAdapter(output="probabilities")
    of_one = replace(FOR_ECG, task="classification")
    assert plain.io_adapter(of_one) == IOAdapter(output="softmax")
    with pytest.raises(InvalidValue, match="quantities"):
        plain.io_adapter(replace(FOR_ECG, task="regression"))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"MI", ', "", "5 thresholds for 4 classes"),
        ('classes = ["NORM", "MI", "STTC", "CD", "HYP"]', "", "classes"),
        ('classes = ["NORM", "MI", "STTC", "CD", "HYP"]', "classes = []", "classes"),
        ("thresholds = [0.5, 0.4, 0.5, 0.5, 0.6]", "classes = []", "TOML"),
        ("classes", "classes = ", "TOML"),
        ("classes", "classes = " + "[" * 5000, "TOML"),
        ("thresholds = [0.5,", "thresholds = [50,", "thresholds.0"),
        ("thresholds = [0.5, 0.4,", "thresholds = [0.5, -0.1,", "thresholds.1"),
        ("\nclasses", '\nname = "../../escaped"\nclasses', "name"),
        ("\nclasses", f'\nname = "{"x" * 65}"\nclasses', "name"),
        ("\nclasses", "\noutput = 1.5\nclasses", "output"),
        ("[input]", "surprise = 1\n[input]", "surprise"),
        ("[input]", "[inputs]", "inputs"),
        ("[input]", "[input]\nsurprise = 1", "input.surprise"),
        ("samples-first", "leads-last", "input.layout"),
        ('unit = "standardised"', 'unit = "uV"', "input.unit"),
        ('unit = "standardised"', 'axes = ["sample", "lead"]', "axes"),
        ("mean = 0.1", "", "std"),
        ("std = 0.25", "std = [1, 2]\nscale = 0", "scale"),
        ("mean = 0.1", "mean = nan", "input.mean.0"),
        ("mean = 0.1", 'mean = "0.1"', "input.mean"),
        ("std = 0.25", "std = 0.0", "input.std.0"),
        ("std = 0.25", "std = true", "input.std"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in own_files.CARD
    path = written(tmp_path, own_files.CARD.replace(old, new))
    with pytest.raises(ModelError) as refused:
        read(path, ModelError, tuned=False, task="multilabel")
    said = str(refused.value)
    assert said.startswith(str(tmp_path / "net.toml")) and place in said and "\n" not in said


@pytest.mark.parametrize("error", [ModelError, ArtifactError])
def test_what_cannot_be_read_is_the_callers_error(error: type[EdgeBenchError], tmp_path: Path) -> None:
    with pytest.raises(error, match=r"net\.toml") as missing:
        read(tmp_path / "net.py", error, tuned=True, task="multilabel")
    assert "classes = " in str(missing.value), "with an example"
    (tmp_path / "net.toml").mkdir()
    with pytest.raises(error, match=r"net\.toml"):
        read(tmp_path / "net.py", error, tuned=True, task="multilabel")
    (tmp_path / "net.toml").rmdir()
    (tmp_path / "net.toml").write_bytes(b'classes = ["\xff"]')
    with pytest.raises(error, match=r"net\.toml.*TOML"):
        read(tmp_path / "net.py", error, tuned=True, task="multilabel")
