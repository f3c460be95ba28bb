"""The small TOML file beside a network or a file from elsewhere: what EdgeBench cannot know of it."""

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
    """What the network takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    layout: Literal["leads-first", "samples-first"] | None = None
    """(batch, 12, 1000) or (batch, 1000, 12); by default as the file says, or leads first."""
    unit: Literal["mV", "standardised"] = "mV"
    mean: tuple[pydantic.FiniteFloat, ...] = ()
    """Of each lead in mV, or one number for all; for standardised input."""
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
    """The whole file."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str = pydantic.Field("", pattern=NAME)
    """What tables call it; by default the file's name."""
    classes: tuple[str, ...] = pydantic.Field(min_length=1)
    thresholds: tuple[Probability, ...] = ()
    """Probability at and above which each class is decided for; may be left out with --tune-thresholds."""
    output: Literal["logits", "probabilities"] = "logits"
    license: str = "unknown"
    input: CardInput = CardInput()

    @pydantic.model_validator(mode="after")
    def _one_threshold_a_class(self) -> Card:
        if self.thresholds and len(self.thresholds) != len(self.classes):
            raise ValueError(f"{len(self.thresholds)} thresholds for {len(self.classes)} classes")
        return self

    def feed(self, layout: Literal["leads-first", "samples-first"], single: bool) -> IOAdapter:
        """How to feed a file, with what was found out of its input."""
        return IOAdapter(layout, self.input.mean, self.input.std, single, self.output)


def read(path: Path, error: type[EdgeBenchError], tuned: bool) -> Card:
    """The card beside `path`, a file of the same name that ends in .toml.

    `tuned` says that thresholds will be chosen on the validation fold, so the card may lack them. Raises `error`.
    """
    place = path.with_suffix(".toml")
    try:
        card = Card.model_validate(toml(place.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise error(f"{path}: no {place.name} beside it; write one with at least: {EXAMPLE}") from None
    except OSError as failure:
        raise error(f"{place}: cannot be read ({failure.strerror})") from None
    except pydantic.ValidationError as failure:
        raise error(f"{place}: {first_problem(failure, Card)}") from None
    except ValueError as failure:  # of the encoding, or of the TOML
        raise error(f"{place}: not valid TOML: {failure}") from None
    if not card.thresholds and not tuned:
        raise error(f"{place}: no thresholds; add them, or choose them on the validation fold: --tune-thresholds")
    return card
