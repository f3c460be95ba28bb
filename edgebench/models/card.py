"""The card: a small TOML file beside an imported network or file, with what EdgeBench cannot read from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from edgebench.core.errors import EdgeBenchError
from edgebench.core.files import toml
from edgebench.core.io_adapter import MOST_CONSTANTS, MOST_VALUES, Constant, FloatType, IOAdapter, PerRecord
from edgebench.core.name_order import order
from edgebench.core.problems import InvalidValue, Problem, expected, not_a_name, require_range
from edgebench.core.validation import validated
from edgebench.data.signals import ECG, LEADS

EXAMPLE = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"], thresholds = [0.5, 0.5, 0.5, 0.5, 0.5]'
NAME = re.compile(r"(\w[\w.-]{0,63})?")
"""Names become names of files."""
LARGEST = 2**20
"""Bytes of a card, constants included."""
COLUMNS = (
    "columns of the dataset as inputs are not supported; give a value that is the same for all records: [constants]"
)


@dataclass(frozen=True)
class CardInput:
    """The signals that the network takes."""

    layout: Literal["leads-first", "samples-first"] | None = None
    """(batch, leads, samples) or (batch, samples, leads); by default what the file declares, or leads first."""
    unit: Literal["mV", "standardised"] = "mV"
    mean: tuple[float, ...] = ()
    """Mean of each lead in mV, or one number for all leads; for standardised input."""
    std: tuple[float, ...] = ()
    per_record: PerRecord = ""
    """Normalise each record by its own values."""
    dtype: FloatType | None = None
    """By default what the file declares, or float32."""
    name: str = ""
    """Name of the input, where there are further ones; by default the one that is no constant."""

    def __post_init__(self) -> None:
        """Raise InvalidValue where mean, std and per_record do not belong to the unit."""
        for number, value in enumerate(self.std):
            if not value > 0:
                raise InvalidValue(Problem(f"std.{number}", "must be above 0", value))
        if self.unit == "mV" and (self.mean or self.std):
            raise InvalidValue(Problem("", "mean and std are for unit = 'standardised'"))
        if self.unit == "standardised" and self.per_record:
            raise InvalidValue(Problem("per_record", "normalises signals in mV; omit unit, mean and std"))


@dataclass(frozen=True)
class Card:
    """The content of the card."""

    classes: tuple[str, ...]
    name: str = ""
    """The model's name in tables; by default the name of the file."""
    thresholds: tuple[float, ...] = ()
    """Probability from which on each class is predicted; optional with --tune-thresholds."""
    leads: tuple[str, ...] = ()
    """The leads that it takes, in its order; by default those of the dataset."""
    output: str | int | None = None
    """`logits` or `probabilities`; where there are several outputs, the name or position of the one to score."""
    output_kind: Literal["logits", "probabilities"] | None = None
    """What the output is; by default what `output` says, or logits."""
    license: str = "unknown"
    input: CardInput = field(default_factory=CardInput)
    constants: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Values of the further inputs by name, the same for all records."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for a name that is no file's, and for fields that do not fit each other."""
        if not NAME.fullmatch(self.name):
            raise InvalidValue(not_a_name("name", self.name))
        if not self.classes:
            raise InvalidValue(Problem("classes", "must not be empty"))
        if len({name.casefold() for name in self.classes}) != len(self.classes):
            raise InvalidValue(Problem("classes", f"has one twice: {', '.join(self.classes)}"))
        for number, threshold in enumerate(self.thresholds):
            require_range(f"thresholds.{number}", threshold, 0, 1)
        if self.thresholds and len(self.thresholds) != len(self.classes):
            words = f"{len(self.thresholds)} thresholds for {len(self.classes)} classes"
            raise InvalidValue(Problem("", words))
        if isinstance(self.output, int):
            require_range("output", self.output, 0)
        self._check_leads()
        for name, values in self.constants.items():
            if not values:
                raise InvalidValue(Problem(f"constants.{name}", "must not be empty"))
            if len(values) > MOST_VALUES:
                raise InvalidValue(Problem(f"constants.{name}", f"has {len(values)} values; {MOST_VALUES} at most"))
        if len(self.constants) > MOST_CONSTANTS:
            raise InvalidValue(Problem("constants", f"has {len(self.constants)} inputs; {MOST_CONSTANTS} at most"))

    def _check_leads(self) -> None:
        known = LEADS
        found = order(known, self.leads)
        if found is None or len(set(found)) != len(found):
            there, asked = ", ".join(known), ", ".join(self.leads)
            words = f"must be some of {there}, each once, in the order that the network takes; not {asked}"
            raise InvalidValue(Problem("leads", words))
        count = len(self.taken)
        if self.input.unit == "standardised" and not len(self.input.mean) == len(self.input.std) == count:
            words = f"unit = 'standardised' needs mean and std in mV, one number or {count} (one for each lead)"
            raise InvalidValue(Problem("input", words))

    @property
    def taken(self) -> tuple[str, ...]:
        """The leads that the network takes, in its order, as the dataset spells them."""
        known = LEADS
        return tuple(known[place] for place in order(known, self.leads) or ()) or known

    @property
    def other_leads(self) -> tuple[str, ...]:
        """The same where they are not the dataset's own in its order; otherwise empty."""
        return () if self.taken == LEADS else self.taken

    @property
    def as_it_is(self) -> bool:
        """Whether the network takes the records as they are, so that they may be of any shape."""
        return not self.leads and replace(self.input, dtype=None, name="") == CardInput()

    @property
    def kind(self) -> Literal["logits", "probabilities"]:
        """What the output is."""
        return self.output_kind or ("probabilities" if self.output == "probabilities" else "logits")

    @property
    def shape(self) -> tuple[int, int]:
        """(leads, samples) or (samples, leads), as the network takes a record."""
        leads, samples = len(self.taken), ECG.shape[1]
        return (samples, leads) if self.input.layout == "samples-first" else (leads, samples)

    def io_adapter(
        self, layout: Literal["leads-first", "samples-first"], single: bool, dtype: FloatType = "float32",
        signal: str = "", answer: str | int | None = None, constants: tuple[Constant, ...] = (),
    ) -> IOAdapter:  # fmt: skip
        """The adapter for a file with this interface; `single` says that it takes one record at a time."""
        return IOAdapter(
            layout, self.input.mean, self.input.std, single, self.kind, self.other_leads, self.input.per_record, dtype,
            signal, answer, constants,
        )  # fmt: skip


def read(path: Path, error: type[EdgeBenchError], tuned: bool) -> Card:
    """Read the card of `path`: the file beside it with the same name and the suffix .toml.

    The card may omit its thresholds where `tuned` says that they will be chosen on the validation fold. Raises `error`.
    """
    file = path.with_suffix(".toml")
    try:
        if file.stat().st_size > LARGEST:
            raise error(f"{file}: has {file.stat().st_size} bytes; a card has {LARGEST} at most")
        data = toml(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path}: no {file.name} beside it; write one with at least: {EXAMPLE}") from None
    except OSError as failure:
        raise error(f"{file}: cannot be read ({failure.strerror})") from None
    except ValueError as failure:  # of the encoding, or of the TOML
        raise error(f"{file}: not valid TOML: {failure}") from None
    if problem := _misplaced(data):
        raise error(f"{file}: {problem}")
    card = validated(Card, _written_out(data), str(file), error)
    if not card.thresholds and not tuned:
        raise error(f"{file}: no thresholds; add them, or choose them on the validation fold: --tune-thresholds")
    return card


def _misplaced(data: dict[str, Any]) -> Problem | None:
    """What a schema would say in other words than those that help."""
    if "columns" in data:
        return Problem("columns", COLUMNS)
    if type(data.get("output", "")) not in (str, int):
        return expected("output", "the name of an output, or its position", data["output"])
    inner, above = ({f.name for f in fields(kind)} for kind in (CardInput, Card))
    inputs = data.get("input")
    for name in inputs if isinstance(inputs, dict) else ():
        if name in above - inner:
            return Problem(f"input.{name}", f"write {name} above [input]: what follows that line belongs to it")
    return None


def _written_out(data: dict[str, Any]) -> dict[str, Any]:
    """The table with a single mean or std written out for each lead, and a single number of a constant as a list."""
    data, inputs, constants = dict(data), data.get("input"), data.get("constants")
    if isinstance(inputs, dict):
        leads = data.get("leads")
        count = len(leads) if isinstance(leads, list) and leads else len(LEADS)
        data["input"] = inputs | {k: (v,) * count for k, v in inputs.items() if k in ("mean", "std") and _number(v)}
    if isinstance(constants, dict):
        data["constants"] = {name: (value,) if _number(value) else value for name, value in constants.items()}
    return data


def _number(value: Any) -> bool:
    return type(value) in (int, float)
