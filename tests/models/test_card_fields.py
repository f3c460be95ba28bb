"""The card: each wrong field is one line, and no text breaks its reader."""

from __future__ import annotations

from pathlib import Path

import mutations
import pytest

from edgebench.core.errors import ModelError
from edgebench.core.problems import InvalidValue
from edgebench.data.signals import FOR_ECG, LEADS
from edgebench.models import card as cards

WHOLE = """
name = "net"
classes = ["NORM", "MI", "STTC", "CD", "HYP"]
thresholds = [0.5, 0.4, 0.5, 0.5, 0.6]
leads = ["aVR", "I", "v6"]
output = "head"
output_kind = "probabilities"
license = "MIT"

[input]
layout = "samples-first"
unit = "standardised"
mean = 0.1
std = [0.25, 0.5, 1]
dtype = "float16"
name = "signal"

[constants]
age = 63
demographics = [1, 0.5]
"""


def read(path: Path, text: str) -> cards.Card:
    path.with_suffix(".toml").write_text(text)
    return cards.read(path, ModelError, tuned=True, task="multilabel")


def test_everything_is_read(tmp_path: Path) -> None:
    card = read(tmp_path / "net.py", WHOLE)
    feed = card.io_adapter(FOR_ECG, answer=card.output)
    assert (feed.positions, feed.answer, feed.output) == (("AVR", "I", "V6"), "head", "probabilities")
    assert (feed.shape(FOR_ECG.input), feed.mean) == ((1000, 3), (0.1, 0.1, 0.1))
    assert card.constants == {"age": (63.0,), "demographics": (1.0, 0.5)}


def test_the_datasets_own_leads_are_no_other_ones(tmp_path: Path) -> None:
    card = read(tmp_path / "net.py", f"leads = {[n.lower() for n in LEADS]}\nclasses = ['a']\n")
    assert card.leads
    assert not card.positions(FOR_ECG)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"aVR"', '"I"', "leads: has one twice"), ("leads = ", "channels = ['red']\nleads = ", "channels"),
        ('"head"', "true", "output: must be the name"), ('"head"', "-1", "output: must be at least 0"),
        ('"probabilities"', '"logit"', "output_kind"), ('"NORM"', '"mi"', "classes: has one twice"),
        ("[input]", "[input]\nleads = ['I']", "input.leads: write leads above"),
        ("[constants]", "[columns]\nage = 'age'\n[constants]", "columns"), ("= 63", "= []", "constants.age"),
        ("= 63", "= 'x'", "constants.age"), ("= 63", "= inf", "constants.age"), ("= 63", "= true", "constants.age"),
        ("dtype", "per_record = 'max'\ndtype", "per_record"), ('"float16"', '"int8"', "input.dtype"),
        ("age = 63", "\n".join(f"a{n} = 1" for n in range(17)), "constants: has 18 inputs"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(ModelError) as refused:
        read(tmp_path / "net.py", WHOLE.replace(old, new))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"aVR"', '"V9"', "leads: must be some of I, II"),
        ("leads = ", "channels = ", "channels"),
        ('"aVR", ', "", "input.std"),
        ('"standardised"', '"mV"', "unit"),
        ('layout = "samples-first"', 'layout = "channels-last"', "input.layout"),
        ('layout = "samples-first"', 'axes = ["row", "lead"]', "input.axes"),
    ],
)
def test_what_does_not_fit_the_records_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    text = WHOLE.replace(old, new)
    if new == '"mV"':
        text = text.replace("mean = 0.1\n", "").replace("std = [0.25, 0.5, 1]\n", "").replace("mV", "uV")
    with pytest.raises(InvalidValue) as refused:
        read(tmp_path / "net.py", text).io_adapter(FOR_ECG)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_card_is_not_read_whole(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="bytes"):
        read(tmp_path / "net.py", WHOLE + "#" * 2**20)


@pytest.mark.slow
def test_no_damage_breaks_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "net.py"

    def damaged(content: bytes) -> None:
        path.with_suffix(".toml").write_bytes(content)
        cards.read(path, ModelError, tuned=True, task="multilabel")

    taken, refused = mutations.hold(damaged, mutations.of_bytes(WHOLE.encode(), 500))
    assert taken > 20
    assert refused > 100


def test_the_earlier_name_of_a_way_to_normalise_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('classes = ["x"]\nthresholds = [0.5]\n\n[input]\nper_record = "max-lead"\n')
    assert cards.read(tmp_path / "a.onnx", ModelError, tuned=False, task="multilabel").input.per_record == "max-channel"
