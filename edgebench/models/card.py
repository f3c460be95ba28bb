"""The card: a small TOML file beside an imported network or file, with what EdgeBench cannot read from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edgebench.core.contracts import InputContract, IOAdapter
from edgebench.core.errors import EdgeBenchError
from edgebench.core.files import toml
from edgebench.core.problems import InvalidValue, Problem, not_a_name, require_range
from edgebench.core.validation import validated

EXAMPLE = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"], thresholds = [0.5, 0.5, 0.5, 0.5, 0.5]'


NAME = re.compile(r"(\w[\w.-]{0,63})?")
"""Names become names of files."""


@dataclass(frozen=True)
class CardInput:
    """The input that the network takes."""

    layout: Literal["leads-first", "samples-first"] | None = None
    """(batch, 12, 1000) or (batch, 1000, 12); by default what the file declares, or leads first."""
    unit: Literal["mV", "standardised"] = "mV"
    mean: tuple[float, ...] = ()
    """Mean of each lead in mV, or one number for all leads; for standardised input."""
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Raise InvalidValue where mean and std do not belong to the unit."""
        leads = len(InputContract().leads)
        for number, value in enumerate(self.std):
            if not value > 0:
                raise InvalidValue(Problem(f"std.{number}", "must be above 0", value))
        if self.unit == "mV" and (self.mean or self.std):
            raise InvalidValue(Problem("", "mean and std are for unit = 'standardised'"))
        if self.unit == "standardised" and not len(self.mean) == len(self.std) == leads:
            words = f"unit = 'standardised' needs mean and std in mV, one number or {leads} (one for each lead)"
            raise InvalidValue(Problem("", words))


@dataclass(frozen=True)
class Card:
    """The content of the card."""

    classes: tuple[str, ...]
    name: str = ""
    """The model's name in tables; by default the name of the file."""
    thresholds: tuple[float, ...] = ()
    """Probability from which on each class is predicted; optional with --tune-thresholds."""
    output: Literal["logits", "probabilities"] = "logits"
    license: str = "unknown"
    input: CardInput = field(default_factory=CardInput)

    def __post_init__(self) -> None:
        """Raise InvalidValue for a name that is no file's, and for classes and thresholds that do not fit."""
        if not NAME.fullmatch(self.name):
            raise InvalidValue(not_a_name("name", self.name))
        if not self.classes:
            raise InvalidValue(Problem("classes", "must not be empty"))
        for number, threshold in enumerate(self.thresholds):
            require_range(f"thresholds.{number}", threshold, 0, 1)
        if self.thresholds and len(self.thresholds) != len(self.classes):
            words = f"{len(self.thresholds)} thresholds for {len(self.classes)} classes"
            raise InvalidValue(Problem("", words))

    def io_adapter(self, layout: Literal["leads-first", "samples-first"], single: bool) -> IOAdapter:
        """The adapter for a file with this input layout; `single` says that it takes one record at a time."""
        return IOAdapter(layout, self.input.mean, self.input.std, single, self.output)


def read(path: Path, error: type[EdgeBenchError], tuned: bool) -> Card:
    """Read the card of `path`: the file beside it with the same name and the suffix .toml.

    The card may omit its thresholds where `tuned` says that they will be chosen on the validation fold. Raises `error`.
    """
    file = path.with_suffix(".toml")
    try:
        data = toml(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path}: no {file.name} beside it; write one with at least: {EXAMPLE}") from None
    except OSError as failure:
        raise error(f"{file}: cannot be read ({failure.strerror})") from None
    except ValueError as failure:  # of the encoding, or of the TOML
        raise error(f"{file}: not valid TOML: {failure}") from None
    card = validated(Card, _one_for_all(data), str(file), error)
    if not card.thresholds and not tuned:
        raise error(f"{file}: no thresholds; add them, or choose them on the validation fold: --tune-thresholds")
    return card


def _one_for_all(data: dict[str, Any]) -> dict[str, Any]:
    """The table with a single mean or std written out for each lead."""
    inputs = data.get("input")
    if not isinstance(inputs, dict):
        return data
    leads = len(InputContract().leads)
    number = {k: (v,) * leads for k, v in inputs.items() if k in ("mean", "std") and type(v) in (int, float)}
    return {**data, "input": {**inputs, **number}}
