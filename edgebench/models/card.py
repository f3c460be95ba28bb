"""The card: a small TOML file beside an imported network or file, with what EdgeBench cannot read from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pydantic

from edgebench.core.contracts import InputContract, IOAdapter
from edgebench.core.errors import EdgeBenchError
from edgebench.core.files import toml
from edgebench.core.serialization import first_problem

EXAMPLE = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"], thresholds = [0.5, 0.5, 0.5, 0.5, 0.5]'
NAME = r"^(\w[\w.-]{0,63})?$"
"""Names become file names: letters, digits, '_', '.' and '-'."""
Probability = Annotated[float, pydantic.Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]


class CardInput(pydantic.BaseModel):
    """The input that the network takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    layout: Literal["leads-first", "samples-first"] | None = None
    """(batch, 12, 1000) or (batch, 1000, 12); by default what the file declares, or leads first."""
    unit: Literal["mV", "standardised"] = "mV"
    mean: tuple[pydantic.FiniteFloat, ...] = ()
    """Mean of each lead in mV, or one number for all leads; for standardised input."""
    std: tuple[Positive, ...] = ()

    @pydantic.field_validator("mean", "std", mode="before")
    @classmethod
    def _one_for_all(cls, value: object) -> object:
        return (value,) * len(InputContract().leads) if isinstance(value, int | float) else value

    @pydantic.model_validator(mode="after")
    def _statistics_belong_to_the_unit(self) -> CardInput:
        leads = len(InputContract().leads)
        if self.unit == "mV" and (self.mean or self.std):
            raise ValueError("mean and std are for unit = 'standardised'")
        if self.unit == "standardised" and not len(self.mean) == len(self.std) == leads:
            raise ValueError(
                f"unit = 'standardised' needs mean and std in mV, one number or {leads} (one for each lead)"
            )
        return self


class Card(pydantic.BaseModel):
    """The content of the card."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str = pydantic.Field("", pattern=NAME)
    """The model's name in tables; by default the name of the file."""
    classes: tuple[str, ...] = pydantic.Field(min_length=1)
    thresholds: tuple[Probability, ...] = ()
    """Probability from which on each class is predicted; optional with --tune-thresholds."""
    output: Literal["logits", "probabilities"] = "logits"
    license: str = "unknown"
    input: CardInput = CardInput()

    @pydantic.model_validator(mode="after")
    def _one_threshold_a_class(self) -> Card:
        if self.thresholds and len(self.thresholds) != len(self.classes):
            raise ValueError(f"{len(self.thresholds)} thresholds for {len(self.classes)} classes")
        return self

    def io_adapter(self, layout: Literal["leads-first", "samples-first"], single: bool) -> IOAdapter:
        """The adapter for a file with this input layout; `single` says that it takes one record at a time."""
        return IOAdapter(layout, self.input.mean, self.input.std, single, self.output)


def read(path: Path, error: type[EdgeBenchError], tuned: bool) -> Card:
    """Read the card of `path`: the file beside it with the same name and the suffix .toml.

    The card may omit its thresholds where `tuned` says that they will be chosen on the validation fold. Raises `error`.
    """
    file = path.with_suffix(".toml")
    try:
        card = Card.model_validate(toml(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise error(f"{path}: no {file.name} beside it; write one with at least: {EXAMPLE}") from None
    except OSError as failure:
        raise error(f"{file}: cannot be read ({failure.strerror})") from None
    except pydantic.ValidationError as failure:
        raise error(f"{file}: {first_problem(failure, Card)}") from None
    except ValueError as failure:  # wrong encoding, or wrong TOML
        raise error(f"{file}: not valid TOML: {failure}") from None
    if not card.thresholds and not tuned:
        raise error(f"{file}: no thresholds; add them, or choose them on the validation fold: --tune-thresholds")
    return card
